# t/007_update.pl - ALTER EXTENSION pg_tviews UPDATE: a server whose library is exchanged while sessions have the old one,
# and upgrade scripts that must lead to what a fresh installation makes.
#
# The old library is a build of the same sources as version 0.0.0 (tools/dev/server.sh, make_previous). Both are installed
# in a copy of the stage, which belongs to the user of the tests, as a package manager would.
use strict;
use warnings;

use File::Basename;
use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $stage = PostgreSQL::Test::Utils::tempdir_short();
system('cp', '-a', "$ENV{TVIEWS_STAGE}/.", $stage) == 0 or die 'cannot copy the installation';
(my $bin = $ENV{TVIEWS_BIN}) =~ s/^\Q$ENV{TVIEWS_STAGE}\E/$stage/;

sub found { my ($root, $name) = @_; chomp(my @found = `find '$root' -name '$name'`); @found == 1 or die "$name in $root: @found"; return $found[0]; }
my $library = found($stage, 'pg_tviews.so');
my $control = found($stage, 'pg_tviews.control');
my $scripts = dirname($control);
my ($version) = slurp_file($control) =~ /^default_version = '(.*)'/m;
my $install = slurp_file("$scripts/pg_tviews--$version.sql");

# Exchanged by renaming: sessions keep what they have loaded.
sub put { my ($text, $file) = @_; append_to_file("$file.new", $text); rename("$file.new", $file) or die "$file: $!"; }
sub put_file { my ($from, $file) = @_; system('cp', $from, "$file.new") == 0 && rename("$file.new", $file) or die "$file: $!"; }

# What version 0.0.0 did not have, and the script that adds it.
my @added = (
	qr/CREATE FUNCTION pg_tviews_check_jsonb_ivm\(\).*?;\nCOMMENT ON FUNCTION pg_tviews_check_jsonb_ivm.*?;\n/s,
	qr/CREATE INDEX pg_tview_audit_log_performed_at_idx .*?;\n/,
	qr/COMMENT ON TABLE pg_tview_meta IS .*?;\n/);
my ($old_install, $update) = ($install, "\\echo Use \"ALTER EXTENSION pg_tviews UPDATE\" to load this file. \\quit\n");
foreach my $part (@added)
{
	$old_install =~ s/($part)// or die "not in the install script: $part";
	$update .= $1;
}
$update .= "UPDATE pg_tview_meta SET entity = entity WHERE false;\n";

sub install_old
{
	unlink glob("$scripts/pg_tviews--*.sql");
	put_file(found($ENV{TVIEWS_PREVIOUS}, 'pg_tviews.so'), $library);
	put_file(found($ENV{TVIEWS_PREVIOUS}, 'pg_tviews.control'), $control);
	put($old_install, "$scripts/pg_tviews--0.0.0.sql");
}

sub install_new
{
	put_file(found($ENV{TVIEWS_STAGE}, 'pg_tviews.so'), $library);
	put_file(found($ENV{TVIEWS_STAGE}, 'pg_tviews.control'), $control);
	put($install, "$scripts/pg_tviews--$version.sql");
	put($update, "$scripts/pg_tviews--0.0.0--$version.sql");
}

install_old();
my $node = new_node('update', install_path => dirname($bin), fsync => 'off', lock_timeout => q{'20s'}, max_prepared_transactions => 10);
$node->safe_psql('postgres', q{
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int REFERENCES tb_user, title text);
	CREATE INDEX ON tb_post (fk_user);
	INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 5) i;
	INSERT INTO tb_post (pk_post, fk_user, title) SELECT i, 1 + i % 5, 'post ' || i FROM generate_series(1, 20) i;
	CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
	CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
	  FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
	CREATE TABLE tb_quiet (pk_quiet int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	CREATE TABLE tv_quiet AS SELECT pk_quiet, id, to_jsonb(name) AS data FROM tb_quiet;
	CREATE TABLE other (a int);
	SELECT pg_tviews_create('tally', 'SELECT fk_user, count(*) AS n FROM tb_post WHERE fk_user IS NOT NULL GROUP BY fk_user', key_columns => '{fk_user}');
});

$node->safe_psql('postgres', 'CREATE DATABASE leaving');
$node->safe_psql('leaving', q{
	CREATE EXTENSION pg_tviews;
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	INSERT INTO tb_user (pk_user, name) VALUES (1, 'here');
	CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
});

my $versions = q{SELECT pg_tviews_version(), details->>'library' FROM pg_tviews_health_check() WHERE check_name = 'versions'};
my $write = q{UPDATE tb_user SET name = name || '!' WHERE pk_user = 1};
my $name = q{SELECT data->'author'->>'name' FROM tv_post WHERE fk_user = 1 LIMIT 1};
is($node->safe_psql('postgres', $versions), '0.0.0|0.0.0', 'the old version');
$node->safe_psql('postgres', $write);
is_exact($node, 'the old version', 'user', 'post', 'tally');

# Sessions that have loaded the old library: idle, in a transaction with changes that TVIEWs do not have yet, prepared.
my ($idle, $busy, $updating) = map { Tviews::Session->new($node) } 1 .. 3;
is($_->run($write), '', 'a session with the old library writes') foreach ($idle, $updating);
$busy->run(q{BEGIN; UPDATE tb_user SET name = 'lost' WHERE pk_user = 2});
my $prepared = Tviews::Session->new($node);
is($prepared->run(q{BEGIN; UPDATE tb_post SET title = 'prepared' WHERE pk_post = 4; PREPARE TRANSACTION 'p'}), '', 'a prepared transaction');
$prepared->close;
my $before = $node->safe_psql('postgres', $name);

# The new library and the old catalog: what would change a TVIEW is refused, everything else works.
install_new();
is($node->safe_psql('postgres', $versions), "0.0.0|$version", 'the new library, the old extension');
is($node->safe_psql('postgres', q{SELECT check_name, status FROM pg_tviews_health_check() WHERE status <> 'OK'}), 'versions|ERROR', 'health check says so');
my ($code, $out, $err) = $node->psql('postgres', $write);
like($err, qr/ERROR:  the pg_tviews library is version \Q$version\E, but the extension in this database is version 0\.0\.0/, 'the new library refuses to write');
like($err, qr/HINT:  After an upgrade of the library run ALTER EXTENSION pg_tviews UPDATE\./, 'and says what to do');
foreach my $statement ('DELETE FROM tv_quiet', 'TRUNCATE tb_quiet', 'DROP TABLE tv_quiet', 'DROP TABLE tb_quiet CASCADE', 'ALTER TABLE tb_quiet ADD COLUMN more int', q{SELECT pg_tviews_refresh('quiet')},
	'CREATE TABLE tv_more AS TABLE tv_quiet', 'CREATE TABLE another (a int)')
{
	($code, $out, $err) = $node->psql('postgres', $statement);
	like($err, qr/the pg_tviews library is version/, "refused: $statement");
}
is($node->safe_psql('postgres', $name), $before, 'TVIEWs can be read');
is($node->safe_psql('postgres', 'INSERT INTO other VALUES (1); CREATE INDEX ON other (a); SELECT a FROM other'), '1', 'other tables can be used');
$node->command_ok([ $node->installed_command('pg_dump'), '-d', $node->connstr('postgres'), '-f', PostgreSQL::Test::Utils::tempdir() . '/dump' ], 'dumped');
is($idle->run($write), '', 'the old library goes on with the old extension');

is($node->safe_psql('leaving', q{SET client_min_messages = warning; DROP EXTENSION pg_tviews CASCADE; UPDATE tb_user SET name = 'free'; SELECT data FROM tv_user}), '{"name": "here"}', 'the extension can be dropped');

# An update that is taken back.
is($node->safe_psql('postgres', 'BEGIN; ALTER EXTENSION pg_tviews UPDATE; ROLLBACK; SELECT pg_tviews_version()'), '0.0.0', 'rolled back');
is($idle->run($write), '', 'as if it had never been');

# The update, in a session with the old library.
my $other = Tviews::Session->new($node);
like($other->run($write), qr/ERROR:  55000/, 'a session with the new library waits for the update');
is($updating->run('ALTER EXTENSION pg_tviews UPDATE'), '', 'updated');
is($other->run($write), '', 'a session with the new library goes on');
is($node->safe_psql('postgres', $versions), "$version|$version", 'the new version');
is($node->safe_psql('postgres', q{SELECT message FROM pg_tviews_health_check() WHERE status <> 'OK'}), '', 'healthy');

# The old library refuses from now on; the transaction in flight is lost as a whole, and nothing else.
$before = $node->safe_psql('postgres', $name);
is($busy->run('COMMIT'), "ERROR:  55000\n", 'the transaction in flight cannot commit');
is($node->safe_psql('postgres', 'SELECT name FROM tb_user WHERE pk_user = 2'), 'user 2', 'it has had no effect');
foreach my $session ($idle, $busy, $updating)
{
	foreach my $statement ($write, 'DELETE FROM tv_user', q{SELECT pg_tviews_refresh('user')}, 'ALTER TABLE tb_quiet ADD COLUMN more int', 'CREATE TABLE tv_more AS TABLE tv_quiet')
	{
		is($session->run($statement), "ERROR:  55000\n", "the old library: $statement");
	}
	is($session->run($name), "$before\n", 'the old library reads TVIEWs');
	is($session->run('SELECT 1'), "1\n", 'the session lives');
	$session->close;
}
$node->safe_psql('postgres', q{COMMIT PREPARED 'p'});
is($node->safe_psql('postgres', q{SELECT data->>'title' FROM tv_post WHERE pk_post = 4}), 'prepared', 'the prepared transaction');
is_exact($node, 'updated', 'user', 'post', 'tally');
$node->safe_psql('postgres', $write);
$node->safe_psql('postgres', q{INSERT INTO tb_post (pk_post, fk_user, title) VALUES (100, 1, 'new'); DELETE FROM tb_post WHERE pk_post = 1;
	SELECT pg_tviews_replace('tally', 'SELECT fk_user, count(*) AS n, max(title) AS last FROM tb_post WHERE fk_user IS NOT NULL GROUP BY fk_user')});
isnt($node->safe_psql('postgres', $name), $before, 'maintained');
is_exact($node, 'updated and written', 'user', 'post', 'tally');
$node->safe_psql('postgres', 'DROP TABLE tv_user, tv_post, tv_tally');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname ~ '^v_'}), '1', 'dropped whole');
$other->close;

# Everything that belongs to the extension, with its definition.
my $members = q{
	WITH member AS (SELECT d.classid, d.objid FROM pg_depend d WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
	  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_tviews')),
	relation AS (SELECT c.* FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid)
	SELECT concat_ws(' | ', pg_describe_object(classid, objid, 0), obj_description(objid, classid::regclass::name)) FROM member
	UNION ALL SELECT concat_ws(' | ', 'function', pg_get_functiondef(p.oid), p.proacl, p.proowner::regrole) FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
	UNION ALL SELECT concat_ws(' | ', 'relation', c.relname, c.relkind, c.relpersistence, c.relacl, c.reloptions, c.relrowsecurity, c.relreplident, c.relowner::regrole) FROM relation c
	UNION ALL SELECT concat_ws(' | ', 'view', c.relname, pg_get_viewdef(c.oid)) FROM relation c WHERE c.relkind = 'v'
	UNION ALL SELECT concat_ws(' | ', 'column', c.relname, rank() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::regcollation, a.attidentity,
	    a.attgenerated, a.attstorage, a.attcompression, a.attacl, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
	  FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
	UNION ALL SELECT concat_ws(' | ', 'constraint', c.relname, k.conname, pg_get_constraintdef(k.oid)) FROM relation c JOIN pg_constraint k ON k.conrelid = c.oid
	UNION ALL SELECT concat_ws(' | ', 'index', pg_get_indexdef(i.indexrelid), obj_description(i.indexrelid, 'pg_class')) FROM relation c JOIN pg_index i ON i.indrelid = c.oid
	UNION ALL SELECT concat_ws(' | ', 'trigger', pg_get_triggerdef(t.oid), t.tgenabled) FROM relation c JOIN pg_trigger t ON t.tgrelid = c.oid
	UNION ALL SELECT concat_ws(' | ', 'rule', pg_get_ruledef(r.oid)) FROM relation c JOIN pg_rewrite r ON r.ev_class = c.oid
	UNION ALL SELECT concat_ws(' | ', 'policy', c.relname, p.polname, p.polcmd, pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)) FROM relation c JOIN pg_policy p ON p.polrelid = c.oid
	UNION ALL SELECT concat_ws(' | ', 'sequence', c.relname, s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
	    (SELECT pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0))
	  FROM relation c JOIN pg_sequence s ON s.seqrelid = c.oid
	UNION ALL SELECT concat_ws(' | ', 'type', t.typname, t.typtype, t.typbasetype::regtype, t.typnotnull, t.typdefault, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
	  FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid
	UNION ALL SELECT concat_ws(' | ', 'event trigger', evtname, evtevent, evtfoid::regproc, evtenabled, evttags) FROM pg_event_trigger
	UNION ALL SELECT concat_ws(' | ', 'privileges', pg_describe_object(p.classoid, p.objoid, p.objsubid), p.privtype, p.initprivs) FROM pg_init_privs p JOIN member m ON m.classid = p.classoid AND m.objid = p.objoid
	UNION ALL SELECT concat_ws(' | ', 'extension', extversion, extrelocatable, extnamespace::regnamespace, extconfig::regclass[], extcondition, obj_description(oid, 'pg_extension')) FROM pg_extension WHERE extname = 'pg_tviews'
	ORDER BY 1
};

# What a database that was updated has and a fresh one has not, and the reverse.
sub differences
{
	my ($from) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0") foreach ('fresh', 'updated');
	$node->safe_psql('fresh', 'CREATE EXTENSION pg_tviews');
	$node->safe_psql('updated', "CREATE EXTENSION pg_tviews VERSION '$from'; ALTER EXTENSION pg_tviews UPDATE");
	my %lines;
	$lines{$_}-- foreach split /\n/, $node->safe_psql('fresh', $members);
	my @missing = keys %lines;
	cmp_ok(scalar @missing, '>', 100, 'a fresh installation has members');
	$lines{$_}++ foreach split /\n/, $node->safe_psql('updated', $members);
	$node->safe_psql('postgres', "DROP DATABASE $_") foreach ('fresh', 'updated');
	return join "\n", map { ($lines{$_} < 0 ? 'missing: ' : 'not in a fresh one: ') . $_ } grep { $lines{$_} != 0 } sort keys %lines;
}

is(differences('0.0.0'), '', 'an update leads to what a fresh installation makes');
# The comparison sees what a script forgets.
foreach my $forgotten (@added)
{
	(my $incomplete = $update) =~ s/$forgotten//;
	put($incomplete, "$scripts/pg_tviews--0.0.0--$version.sql");
	isnt(differences('0.0.0'), '', "seen: $forgotten");
}

# Every released version: its install script is kept in sql/released, its upgrade script is in sql/upgrade.
unlink glob("$scripts/pg_tviews--0.0.0*.sql");
my $sql = "$FindBin::Bin/../../../sql";
my @released = map { /--([^-]*)\.sql$/ ? $1 : die $_ } glob("$sql/released/pg_tviews--*.sql");
my %from = map { /pg_tviews--(.*)--(.*)\.sql$/ ? ($1 => $2) : die $_ } glob("$sql/upgrade/*.sql");
is(join(' ', grep { !-e "$sql/released/pg_tviews--$_.sql" } sort keys %from), '', 'versions that have an upgrade script have an install script');
is(join(' ', grep { !$from{$_} } @released), '', 'released versions have an upgrade script');
SKIP:
{
	skip '0 upgrade scripts: no version has been released', 1 unless @released;
	note(@released . ' released versions: ' . join ' ', @released);
	put_file($_, "$scripts/" . basename($_)) foreach glob("$sql/released/*.sql");
	is(differences($_), '', "an update from $_ leads to what a fresh installation makes") foreach @released;
}

$node->stop;
done_testing();
