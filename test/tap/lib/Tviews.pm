# lib/Tviews.pm - what the TAP tests share: a node with the extension, a psql that can be left waiting, the comparison.
#
# A Tviews::Session is one psql on one connection, fed by a pipe, on all supported versions alike (PostgreSQL::Test's own
# background psql has another interface in each). Errors appear as SQLSTATEs: "ERROR:  40001".
package Tviews;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use Test::More;

our @EXPORT = qw(new_node is_exact waits);

sub new_node
{
	my ($name, %settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, map { $_ => delete $settings{$_} } grep { $settings{$_} } 'install_path');
	$node->init;
	$settings{max_prepared_transactions} //= 10;
	$settings{log_min_messages} //= 'warning';
	$node->append_conf('postgresql.conf', join '', map { "$_ = $settings{$_}\n" } sort keys %settings);
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_tviews');
	return $node;
}

# Every TVIEW named is compared with its definition, both ways.
sub is_exact
{
	my ($node, $what, @entities) = @_;
	my @differences = map {
		"SELECT 'missing in $_', x::text FROM (TABLE v_$_ EXCEPT ALL TABLE tv_$_) x
		 UNION ALL SELECT 'extra in $_', x::text FROM (TABLE tv_$_ EXCEPT ALL TABLE v_$_) x"
	} @entities;
	is($node->safe_psql('postgres', join ' UNION ALL ', @differences), '', "exact: $what");
}

# Until the backend waits for a heavyweight lock.
sub waits
{
	my ($node, $session) = @_;
	$node->poll_query_until('postgres',
		"SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $session->{pid} AND NOT granted)")
	  or die 'timed out waiting for a session to wait';
}

package Tviews::Session;

sub new
{
	my ($class, $node) = @_;
	my $self = bless { in => '', out => '', err => '', number => 0 }, $class;
	$self->{timer} = IPC::Run::timer(180);
	$self->{psql} = IPC::Run::start(
		[ $node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=sqlstate', '-f', '-', '-d', $node->connstr('postgres') ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	$self->{pid} = $self->run('SELECT pg_backend_pid()');
	chomp $self->{pid};
	return $self;
}

# Sends statements without waiting for them.
sub send
{
	my ($self, $sql) = @_;
	$self->{number}++;
	$self->{in} .= "$sql;\n\\echo done $self->{number}\n";
	$self->{psql}->pump_nb;
}

# What they printed, errors included; "lost" when the connection is gone.
sub result
{
	my ($self) = @_;
	my $end = qr/^done $self->{number}\n/m;
	while ($self->{out} !~ $end && $self->{psql}->pumpable)
	{
		eval { $self->{psql}->pump; 1 } or last;
	}
	my $lost = $self->{out} !~ $end;
	(my $result = $self->{out}) =~ s/$end//;
	$result .= join '', map { "$_\n" } $self->{err} =~ /((?:ERROR|FATAL):\s+\w+)/g;
	$result .= "lost\n" if $lost;
	$self->{out} = $self->{err} = '';
	return $result;
}

sub run
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->result;
}

sub close
{
	my ($self) = @_;
	eval { $self->{in} .= "\\q\n"; $self->{psql}->finish; 1 } or $self->{psql}->kill_kill;
}

1;
