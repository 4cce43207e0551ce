# t/003_dump_restore.pl - every way in which pg_dump's output can be read back: afterwards the TVIEWs are exact and
# maintained, without a manual step and without an error in between.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $node = new_node('dump_restore', fsync => 'off', autovacuum => 'off');
my $folder = PostgreSQL::Test::Utils::tempdir();

# One of everything: TVIEWs on TVIEWs, partitions, several schemas, odd names, keys of other kinds, unlogged tables, options,
# rendering that depends on the session, and what users add to a TVIEW.
$node->safe_psql('postgres', q{
	CREATE ROLE reader;
	CREATE ROLE owner;
	CREATE DATABASE source;
});
$node->safe_psql('source', q{
	CREATE EXTENSION pg_tviews;
	CREATE SCHEMA app AUTHORIZATION owner;
	CREATE SCHEMA "Odd ""Näme""";
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text, since timestamptz DEFAULT '2020-01-01 12:00+00');
	CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int REFERENCES tb_user, title text);
	CREATE INDEX ON tb_post (fk_user);
	INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 20) i;
	INSERT INTO tb_post (pk_post, fk_user, title) SELECT i, i % 20 + 1, 'post ' || i FROM generate_series(1, 60) i;
	SET TimeZone = 'Asia/Tokyo';
	SET client_min_messages = warning;
	CREATE TABLE tv_user AS
	SELECT pk_user, id, jsonb_build_object('name', name, 'since', since::text) AS data FROM tb_user;
	CREATE TABLE tv_post AS
	SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
	FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
	RESET TimeZone;

	-- Users' additions.
	ALTER TABLE tv_post ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(data->>'title', ''))) STORED;
	CREATE INDEX ON tv_post USING gin (words);
	CREATE STATISTICS post_statistics ON pk_post, fk_user FROM tv_post;
	COMMENT ON TABLE tv_post IS 'posts';
	GRANT SELECT ON tv_post TO reader;
	CREATE TABLE seen (pk_post int);
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (NEW.pk_post); RETURN NULL; END $$;
	CREATE TRIGGER note AFTER UPDATE ON tv_post FOR EACH ROW EXECUTE FUNCTION note();

	-- Partitions with columns in another order, in another schema, owned by somebody else.
	GRANT SELECT, REFERENCES ON tb_user TO owner;
	SET ROLE owner;
	SET search_path = app, public;
	CREATE TABLE tb_event (pk_event int, id uuid DEFAULT gen_random_uuid(), fk_user int, kind text, PRIMARY KEY (pk_event, kind)) PARTITION BY LIST (kind);
	CREATE TABLE tb_event_a PARTITION OF tb_event FOR VALUES IN ('a');
	CREATE TABLE tb_event_b (kind text NOT NULL, fk_user int, gone int, id uuid, pk_event int NOT NULL);
	ALTER TABLE tb_event_b DROP COLUMN gone;
	ALTER TABLE tb_event ATTACH PARTITION tb_event_b FOR VALUES IN ('b');
	INSERT INTO tb_event (pk_event, fk_user, kind) SELECT i, i % 20 + 1, CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 40) i;
	CREATE TABLE tv_event AS
	SELECT e.pk_event, e.id, e.fk_user, jsonb_build_object('kind', e.kind, 'user', u.name) AS data
	FROM tb_event e LEFT JOIN tb_user u ON u.pk_user = e.fk_user;
	SELECT pg_tviews_create('app.tally', 'SELECT kind, fk_user, count(*) AS n FROM app.tb_event WHERE fk_user IS NOT NULL GROUP BY kind, fk_user',
		key_columns => '{kind,fk_user}', options => '{"fillfactor": 60}');
	RESET ROLE;

	-- Odd names; unlogged; a function that reads a table.
	SET search_path = "Odd ""Näme""";
	CREATE TABLE "tb ""thing""" ("pk_thing ' x" int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), "Näme" text);
	INSERT INTO "tb ""thing""" SELECT i, gen_random_uuid(), 'thing ' || i FROM generate_series(1, 9) i;
	CREATE UNLOGGED TABLE "tv_thing ""x""" AS
	SELECT "pk_thing ' x", id, jsonb_build_object('n', "Näme") AS data FROM "tb ""thing""";
	CREATE TABLE tb_rate (pk_rate int PRIMARY KEY, rate numeric);
	INSERT INTO tb_rate VALUES (1, 1.5);
	CREATE FUNCTION rate() RETURNS numeric STABLE LANGUAGE sql AS $$ SELECT rate FROM "Odd ""Näme""".tb_rate WHERE pk_rate = 1 $$;
	SELECT public.pg_tviews_create('price', 'SELECT "pk_thing '' x" AS pk_price, id, jsonb_build_object(''rate'', "Odd ""Näme""".rate()) AS data FROM "Odd ""Näme"""."tb ""thing"""',
		options => '{"function_reads": "\"Odd \"\"Näme\"\"\".tb_rate"}');
});

my $structure = q{
	SELECT m.table_oid::text, m.view_oid::text, (SELECT array_agg(d::text || ' ' || t ORDER BY d::text) FROM unnest(m.dependencies, m.dependency_types) u (d, t)), m.key_columns::text,
	       m.explicit_key, m.settings, m.options, m.function_reads::text,
	       (SELECT count(*) FROM pg_depend d WHERE d.objid = m.view_oid AND d.refobjid = m.table_oid AND d.deptype = 'a'),
	       (SELECT string_agg(t.tgrelid::regclass || ':' || t.tgname || t.tgenabled::text || encode(t.tgargs, 'escape'), ',' ORDER BY t.tgrelid::regclass::text, t.tgname)
	          FROM pg_trigger t WHERE NOT t.tgisinternal AND (t.tgrelid = m.table_oid OR t.tgrelid = ANY (m.dependencies)))
	  FROM pg_tview_meta m ORDER BY 1;
};
my $rows = q{SELECT * FROM tv_user ORDER BY 1; SELECT * FROM tv_post ORDER BY 1; SELECT * FROM app.tv_event ORDER BY 1; SELECT * FROM app.tv_tally ORDER BY 1, 2;
	SELECT * FROM "Odd ""Näme"""."tv_thing ""x""" ORDER BY 1; SELECT * FROM "Odd ""Näme""".tv_price ORDER BY 1};
my $deviations = 'SELECT entity, missing, extra, different FROM pg_tviews_verify() WHERE missing + extra + different > 0';
my $source_structure = $node->safe_psql('source', $structure);
my $source_rows = $node->safe_psql('source', $rows);
is($node->safe_psql('source', $deviations), '', 'the source is exact');

# Writes to every base table; every TVIEW must follow.
my $writes = q{
	UPDATE tb_user SET name = name || '!' WHERE pk_user <= 3;
	INSERT INTO tb_post (pk_post, fk_user, title) VALUES (1000, 1, 'new');
	DELETE FROM tb_post WHERE pk_post = 5;
	UPDATE app.tb_event SET kind = CASE kind WHEN 'a' THEN 'b' ELSE 'a' END WHERE pk_event < 5;
	INSERT INTO app.tb_event_b (pk_event, kind, fk_user) VALUES (1001, 'b', 2);
	UPDATE "Odd ""Näme"""."tb ""thing""" SET "Näme" = 'other' WHERE "pk_thing ' x" = 2;
	UPDATE "Odd ""Näme""".tb_rate SET rate = rate + 1;
};

sub maintained
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, $deviations), '', "$what: exact");
	my $before = $node->safe_psql($database, $rows);
	$node->safe_psql($database, $writes);
	isnt($node->safe_psql($database, $rows), $before, "$what: maintained");
	is($node->safe_psql($database, $deviations), '', "$what: exact after writing");
	my ($code, $out, $err) = $node->psql($database, 'DELETE FROM tv_user');
	like($err, qr/cannot write to TVIEW "tv_user" directly/, "$what: guarded");
	$node->safe_psql($database, 'DROP TABLE tv_post, tb_post');
	$node->safe_psql($database, 'DROP TABLE app.tv_tally, app.tv_event, app.tb_event');
	is($node->safe_psql($database, "SELECT count(*) FROM pg_class WHERE relname ~ '^v_(post|tally|event)'"), '0', "$what: dropped whole");
}

sub same
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, $structure), $source_structure, "$what: the same structure");
	is($node->safe_psql($database, $rows), $source_rows, "$what: the same rows");
}

sub dump_to { my ($file, @options) = @_; $node->command_ok([ 'pg_dump', '-d', $node->connstr('source'), '-f', "$folder/$file", @options ], "dump $file"); }

# Any error, and any warning, fails the restore.
sub quiet_ok
{
	my ($what, @command) = @_;
	my ($out, $err) = ('', '');
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	my $ok = IPC::Run::run [ $node->installed_command($command[0]), @command[ 1 .. $#command ] ], '>', \$out, '2>', \$err;
	ok($ok, "$what: no error");
	is($err, '', "$what: no complaint");
}

# Like quiet_ok, for restores in which some messages are expected.
sub noisy
{
	my ($what, $expected, @command) = @_;
	my ($out, $err) = ('', '');
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	IPC::Run::run [ $node->installed_command($command[0]), @command[ 1 .. $#command ] ], '>', \$out, '2>', \$err;
	is(join("\n", grep { /(ERROR|WARNING):/ && !/$expected/ } split /\n/, $err), '', "$what: no other complaint");
}
sub script { my ($what, $database, $file, @options) = @_; quiet_ok($what, 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/output", '-d', $database, '-f', "$folder/$file", @options); }
sub archive { my ($what, $database, $file, @options) = @_; quiet_ok($what, 'pg_restore', '-d', $database, @options, "$folder/$file"); }
sub database { my ($name) = @_; $node->safe_psql('postgres', "DROP DATABASE IF EXISTS $name"); $node->safe_psql('postgres', "CREATE DATABASE $name"); return $name; }

dump_to('full.sql');
dump_to('inserts.sql', '--inserts');
dump_to('columns.sql', '--column-inserts', '--on-conflict-do-nothing');
dump_to('full.custom', '-Fc');
dump_to('full.folder', '-Fd', '-j2');
dump_to('schema.sql', '--schema-only');
dump_to('data.sql', '--data-only');
dump_to('data.custom', '-Fc', '--data-only');
dump_to('data_inserts.sql', '--data-only', '--inserts', '--rows-per-insert=7', '--disable-triggers');
dump_to('data_plain_inserts.sql', '--data-only', '--column-inserts');
dump_to('clean.sql', '--clean', '--if-exists');

# Everything at once, into an empty database of another name.
foreach my $case (
	[ 'plain', \&script, 'full.sql' ],
	[ 'one transaction', \&script, 'full.sql', '--single-transaction' ],
	[ 'inserts', \&script, 'inserts.sql' ],
	[ 'column inserts', \&script, 'columns.sql' ],
	[ 'custom', \&archive, 'full.custom' ],
	[ 'directory', \&archive, 'full.folder' ],
	[ 'parallel', \&archive, 'full.folder', '-j4' ],
	[ 'parallel custom', \&archive, 'full.custom', '-j8' ])
{
	my ($what, $restore, $file, @options) = @$case;
	my $database = database('whole');
	$restore->($what, $database, $file, @options);
	same($database, $what);
	is($node->safe_psql($database, q{SELECT count(*) > 5, count(*) = max(log_id) FROM pg_tview_audit_log}), 't|t', "$what: the audit log");
	is($node->safe_psql($database, q{SELECT has_table_privilege('reader', 'tv_post', 'SELECT'), obj_description('tv_post'::regclass)}), 't|posts', "$what: grants and comments");
	maintained($database, $what);
}

# In sections, each by itself.
my $database = database('sections');
archive("section $_", $database, 'full.custom', "--section=$_") foreach ('pre-data', 'data', 'post-data');
same($database, 'sections');
maintained($database, 'sections');

# The schema first: TVIEWs are there and maintained, empty. Then the rows, of base tables and TVIEWs alike.
foreach my $case (
	[ 'data later', \&script, 'data.sql' ],
	[ 'data later, one transaction', \&script, 'data.sql', '--single-transaction' ],
	[ 'inserts later', \&script, 'data_plain_inserts.sql' ],
	[ 'inserts later, triggers off', \&script, 'data_inserts.sql' ],
	[ 'archived data later', \&archive, 'data.custom' ],
	[ 'archived data later, parallel, triggers off', \&archive, 'full.folder', '--data-only', '--disable-triggers', '-j4' ])
{
	my ($what, $restore, $file, @options) = @$case;
	my $database = database('schema_first');
	script("$what: schema", $database, 'schema.sql');
	is($node->safe_psql($database, $structure), $source_structure, "$what: the structure before the data");
	is($node->safe_psql($database, $deviations), '', "$what: exact before the data");
	$restore->($what, $database, $file, @options);
	same($database, $what);
	maintained($database, $what);
}

# The rows of base tables alone.
dump_to('base.sql', '--data-only', '--disable-triggers', '--exclude-table-data=tv_*', '--exclude-table-data=*.tv_*');
$database = database('base_only');
script('base only: schema', $database, 'schema.sql');
script('base only', $database, 'base.sql');
same($database, 'base only');
maintained($database, 'base only');

# Data into a schema whose TVIEWs are in use.
$database = database('in_use');
script('in use: schema', $database, 'schema.sql');
$node->safe_psql($database, q{INSERT INTO tb_user (pk_user, name) VALUES (500, 'here'); INSERT INTO tb_post (pk_post, fk_user, title) VALUES (500, 500, 'here');
	SELECT pg_tviews_refresh('post')});
script('in use', $database, 'data.sql');
is($node->safe_psql($database, q{SELECT count(*), count(DISTINCT pk_user) FILTER (WHERE pk_user = 500) FROM tv_user}), '21|1', 'in use: both are there');
maintained($database, 'in use');

# Over itself.
$database = database('cleaned');
script('cleaned: once', $database, 'full.sql');
$node->safe_psql($database, $writes);
# pg_dump itself does not know that partitions' constraints go with their parents.
noisy('cleaned: again', qr/inherited constraint/, 'psql', '-Xq', '-d', $database, '-f', "$folder/clean.sql");
same($database, 'cleaned');
noisy('cleaned: from an archive', qr/inherited constraint|errors ignored/, 'pg_restore', '--clean', '--if-exists', '-d', $database, "$folder/full.custom");
same($database, 'cleaned from an archive');
maintained($database, 'cleaned');

# Into a database that has the extension already, and one schema of it into one that has only the extension.
$database = database('extended');
$node->safe_psql($database, 'CREATE EXTENSION pg_tviews');
script('extended', $database, 'full.sql');
same($database, 'extended');
maintained($database, 'extended');

# What is not in the dump is computed again: rows of unlogged tables, and of tables the user leaves out.
dump_to('sparse.sql', '--no-unlogged-table-data', '--exclude-table-data=tv_post', '--exclude-table-data=tb_rate', '--exclude-table-data=app.tb_event_a');
$database = database('sparse');
script('sparse', $database, 'sparse.sql');
is($node->safe_psql($database, 'SELECT count(*) FROM tv_post'), '60', 'sparse: computed');
maintained($database, 'sparse');

# A dump of some schemas, or tables, has neither the extension nor its metadata.
dump_to('schemas.sql', '-n', 'public', '-n', 'app', '-n', '"Odd ""Näme"""', '--exclude-table=pg_tview*');
foreach my $renamed (0, 1)
{
	my $what = $renamed ? 'schema renamed' : 'schemas';
	my $database = database('schemas');
	$node->safe_psql($database, 'CREATE EXTENSION pg_tviews; DROP SCHEMA IF EXISTS app');
	my $text = slurp_file("$folder/schemas.sql");
	$text =~ s/^CREATE SCHEMA public;$//mg;
	append_to_file("$folder/schemas$renamed.sql", $text);
	# The privileges of app's owner, and the triggers of the schemas after it, come after its TVIEWs.
	noisy($what, qr/TVIEW app.tv_event is not maintained yet/, 'psql', '-Xq', '-d', $database, '-f', "$folder/schemas$renamed.sql");
	is($node->safe_psql($database, $structure), $source_structure, "$what: the same structure");
	is($node->safe_psql($database, $rows), $source_rows, "$what: the same rows");
	if ($renamed)
	{
		$node->safe_psql($database, q{ALTER SCHEMA app RENAME TO "other app"; UPDATE "other app".tb_event SET fk_user = 7 WHERE pk_event < 9;
			ALTER SCHEMA "other app" RENAME TO app});
		$node->safe_psql('postgres', 'ALTER DATABASE schemas RENAME TO "Other database"');
		$database = 'Other database';
	}
	maintained($database, $what);
}
dump_to('one_schema.custom', '-Fc', '-n', 'app');
$database = database('one_schema');
script('one schema: the rest', $database, 'full.sql');
$node->safe_psql($database, 'DROP SCHEMA app CASCADE');
archive('one schema', $database, 'one_schema.custom');
same($database, 'one schema');
maintained($database, 'one schema');

dump_to('tables.sql', '-t', 'tb_user', '-t', 'tb_post', '-t', 'tv_user', '-t', 'v_user');
$database = database('tables');
$node->safe_psql($database, 'CREATE EXTENSION pg_tviews');
script('tables', $database, 'tables.sql');
$node->safe_psql($database, q{UPDATE tb_user SET name = 'table' WHERE pk_user = 1});
is($node->safe_psql($database, q{SELECT data->>'name' FROM tv_user WHERE pk_user = 1}), 'table', 'tables: maintained');
is($node->safe_psql($database, $deviations), '', 'tables: exact');

# The table alone is a table: it says so, and can be written.
dump_to('alone.sql', '-t', 'tv_user');
$database = database('alone');
$node->safe_psql($database, 'CREATE EXTENSION pg_tviews');
my ($out, $err) = ('', '');
IPC::Run::run [ $node->installed_command('psql'), '-Xq', '-d', $node->connstr($database), '-f', "$folder/alone.sql" ], '>', \$out, '2>', \$err;
like($err, qr/WARNING:  table public.tv_user is not a TVIEW any more/, 'alone: a warning');
unlike($err, qr/ERROR/, 'alone: no error');
is($node->safe_psql($database, 'SELECT count(*) FROM pg_tview_meta; DELETE FROM tv_user WHERE pk_user = 1; SELECT count(*) FROM tv_user'), "0\n19", 'alone: a plain table');

# A dump by somebody who is no superuser but may read everything.
$node->safe_psql('source', 'CREATE ROLE dumper LOGIN; GRANT pg_read_all_data TO dumper');
$node->command_ok([ 'pg_dump', '-d', $node->connstr('source') . ' user=dumper', '-f', "$folder/dumper.sql" ], 'dump as an ordinary role');

# A dump taken while writers run.
$node->safe_psql('source', q{CREATE TABLE done (n int)});
append_to_file("$folder/pgbench.sql", q{
\set u random(1, 20)
\set p random(1, 60)
BEGIN;
UPDATE tb_user SET name = 'user ' || random() WHERE pk_user = :u;
UPDATE tb_post SET fk_user = :u, title = 'post ' || random() WHERE pk_post = :p;
INSERT INTO app.tb_event (pk_event, fk_user, kind) VALUES (:p + 100, :u, 'a') ON CONFLICT (pk_event, kind) DO UPDATE SET fk_user = excluded.fk_user;
INSERT INTO done VALUES (1);
COMMIT;
});
my $bench = IPC::Run::start([ $node->installed_command('pgbench'), '-n', '-c4', '-T5', '--max-tries=100', '-f', "$folder/pgbench.sql", $node->connstr('source') ],
	'>', \$out, '2>', \$err);
$node->poll_query_until('source', 'SELECT count(*) > 20 FROM done') or die 'no writers';
foreach my $format ('c', 'd')
{
	dump_to("busy.$format", "-F$format", $format eq 'd' ? '-j3' : ());
	my $database = database('busy');
	archive("busy $format", $database, "busy.$format", '-j2');
	cmp_ok($node->safe_psql($database, 'SELECT count(*) FROM done'), '<', $node->safe_psql('source', 'SELECT count(*) FROM done'), "busy $format: written meanwhile")
	  if $format eq 'c';
	maintained($database, "busy $format");
}
$bench->finish;
is($node->safe_psql('source', $deviations), '', 'the source is exact after all');

$node->stop;
done_testing();
