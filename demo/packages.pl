#!/usr/bin/env perl
# demo/packages.pl FOLDER ARCHITECTURE - turns apt's package index into four files for COPY (text format).
#
# Standard input: stanzas as "apt-cache dumpavail" prints them; that is one per package, the version that apt would
# install. Left out are foreign architectures and packages that are only installed here, in no archive. Should a name
# still come twice, the first one stays. A maintainer is known by the mail address, and under the name that comes first;
# derivatives that put their own name on everything (Ubuntu) keep the real one in Original-Maintainer.
# Counts go to standard error every 5000 packages; the last line on standard output has them all. Core Perl only.
use strict;
use warnings;

my ($folder, $architecture) = @ARGV;
my @kinds = ('Pre-Depends', 'Depends', 'Recommends', 'Suggests', 'Enhances');
my %file;
for my $table (qw(section maintainer package dependency)) {
    open $file{$table}, '>:raw', "$folder/tb_$table" or die "$folder/tb_$table: $!\n";
}

# A row of COPY: undef is \N; bytes that are not UTF-8 are taken for Latin-1.
sub row {
    my ($table, @values) = @_;
    for (@values) {
        if (!defined) { $_ = '\N'; next }
        if (/[\x80-\xff]/) { my $copy = $_; utf8::encode($_) unless utf8::decode($copy) }
        s/[\t\x00]+/ /g;
        s/\\/\\\\/g;
    }
    print { $file{$table} } join("\t", @values), "\n" or die "tb_$table: $!\n";
}

my (%pk, %seen, %count);
sub key {
    my ($table, $identifier, @more) = @_;
    return $pk{$table}{$identifier} if $pk{$table}{$identifier};
    my $key = $pk{$table}{$identifier} = ++$count{$table};
    row($table, $key, $identifier, @more);
    return $key;
}

binmode STDIN;
local $/ = '';
while (my $stanza = <STDIN>) {
    my %field = $stanza =~ /^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$/mg; # first lines only: enough for every field used
    my ($name, $version, $filename) = @field{qw(Package Version Filename)};
    next unless defined $name && defined $version && defined $filename;
    next unless ($field{Architecture} // 'all') =~ /^(?:all|\Q$architecture\E)$/;
    next if $seen{$name}++;

    my $maintainer = $field{'Original-Maintainer'} // $field{Maintainer} // 'unknown <unknown>';
    my ($person, $address) = $maintainer =~ /^(.*?)\s*<([^>]+)>/ ? ($1, lc $2) : ($maintainer, lc $maintainer);
    $person =~ s/^"(.*)"$/$1/;
    my ($kib) = ($field{'Installed-Size'} // '') =~ /^(\d+)$/;
    my $package = ++$count{package};
    row('package', $package, $name, key('section', $field{Section} || 'unknown'),
        key('maintainer', $address, $person ne '' ? $person : $address), $version,
        $field{Description} // $field{'Description-en'} // '', $field{Homepage}, $kib, $filename);

    for my $kind (@kinds) {
        my $position = 0;
        for my $group (split /\s*,\s*/, $field{$kind} // '') {
            my $alternative = 0;
            $position++;
            for (split /\s*\|\s*/, $group) {
                # python3:any (>= 3.9) - the architecture after the colon says nothing about which package is meant
                my ($target, $relation, $wanted) = /^([^\s:(]+)(?::\S+)?\s*(?:\(\s*([<>=]+)\s*([^)\s]+)\s*\))?/ or next;
                row('dependency', ++$count{dependency}, $package, $kind, $position, ++$alternative, $target, $relation, $wanted);
            }
        }
    }
    printf STDERR "%d packages, %d dependencies\n", $package, $count{dependency} // 0 if $package % 5000 == 0;
}
close $file{$_} or die "tb_$_: $!\n" for keys %file;
print join(' ', map { $count{$_} // 0 } qw(package maintainer section dependency)), "\n";
