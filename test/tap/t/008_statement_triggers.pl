# t/008_statement_triggers.pl - capture by statement comes back with dumps of every kind: the same triggers, exact, maintained.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $node = new_node('statement_triggers', fsync => 'off', autovacuum => 'off');
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', q{
	CREATE EXTENSION pg_tviews;
	CREATE SCHEMA shop;
	SET search_path = shop, public;
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int REFERENCES tb_user ON DELETE CASCADE, title text);
	CREATE TABLE tb_note (pk_note int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), note text);
	INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 5) i;
	INSERT INTO tb_post (pk_post, fk_user, title) SELECT i, i % 5 + 1, 'post ' || i FROM generate_series(1, 20) i;
	CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
	CREATE TABLE tv_post AS
	SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
	FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
	SELECT pg_tviews_install_stmt_triggers();
	CREATE TABLE tv_note AS SELECT pk_note, id, to_jsonb(note) AS data FROM tb_note;
});

my $triggers = q{
	SELECT string_agg(format('%s.%s', tgrelid::regclass, tgname), ' ' ORDER BY tgrelid::regclass::text COLLATE "C", tgname)
	FROM pg_trigger WHERE tgname LIKE 'tview%'
};
my $expected = $node->safe_psql('source', $triggers);
like($expected, qr/tb_note.tview_capture .*tb_post.tview_begin_stmt_trig .*tb_user.tview_update_stmt_trig/, 'both ways of capture');

sub restored
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, $triggers), $expected, "$what: triggers");
	$node->safe_psql($database, q{
		UPDATE shop.tb_user SET name = name || '!';
		INSERT INTO shop.tb_post (pk_post, fk_user, title) VALUES (100, 1, 'new'), (101, 3, 'new');
		DELETE FROM shop.tb_user WHERE pk_user = 2;
		INSERT INTO shop.tb_note (pk_note, note) VALUES (1, 'new');
	});
	is($node->safe_psql($database, 'SELECT * FROM pg_tviews_verify()'), "note|0|0|0|\npost|0|0|0|\nuser|0|0|0|", "$what: exact");
	is($node->safe_psql($database, "SELECT count(*), count(*) FILTER (WHERE data->'author'->>'name' LIKE '%!') FROM shop.tv_post"), '18|18', "$what: maintained");
	is($node->safe_psql($database, "SELECT check_name, message FROM pg_tviews_health_check() WHERE component = 'triggers' AND status <> 'OK'"), '', "$what: health");
}
sub database { my ($name) = @_; $node->safe_psql('postgres', "DROP DATABASE IF EXISTS $name"); $node->safe_psql('postgres', "CREATE DATABASE $name"); return $name; }
sub dump_to { my ($file, @options) = @_; $node->command_ok([ 'pg_dump', '-d', $node->connstr('source'), '-f', "$folder/$file", @options ], "dump $file"); }
sub read_sql { my ($database, @files) = @_; $node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/output", '-d', $node->connstr($database), map { ('-f', "$folder/$_") } @files ], "@files into $database"); }
sub read_archive { my ($database, @options) = @_; $node->command_ok([ 'pg_restore', '-e', '-d', $node->connstr($database), @options, "$folder/full.folder" ], "pg_restore @options"); }

dump_to('full.sql');
dump_to('full.folder', '-Fd');
dump_to('clean.sql', '--clean', '--if-exists');
dump_to('schema.sql', '--schema-only');
dump_to('data.sql', '--data-only');
dump_to('disabled.sql', '--data-only', '--disable-triggers');
dump_to('shop.sql', '-n', 'shop');

read_sql(database('whole'), 'full.sql');
restored('whole', 'plain');
read_sql('whole', 'clean.sql');
restored('whole', 'clean');
foreach my $jobs (1, 4)
{
	read_archive(database('whole'), "-j$jobs");
	restored('whole', "archive, $jobs jobs");
}
foreach my $data ('data.sql', 'disabled.sql')
{
	read_sql(database('whole'), 'schema.sql', $data);
	restored('whole', "schema, then $data");
}
# The metadata is made again.
$node->safe_psql(database('whole'), 'CREATE EXTENSION pg_tviews');
read_sql('whole', 'shop.sql');
restored('whole', 'one schema');

$node->stop;
done_testing();
