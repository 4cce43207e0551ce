# t/006_restore_materialized_views.pl - dumps of TVIEWs that read materialized views, which are empty and unreadable until
# the dump's last statements refresh them.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $node = new_node('restore_materialized', fsync => 'off', autovacuum => 'off');
my $folder = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', 'CREATE DATABASE source; CREATE ROLE owner');
$node->safe_psql('source', q{
	CREATE EXTENSION pg_tviews;
	CREATE SCHEMA shop AUTHORIZATION owner;
	SET ROLE owner;
	SET search_path = shop, public;
	SET client_min_messages = warning;
	CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	CREATE TABLE tb_sale (pk_sale int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_item int, price numeric);
	INSERT INTO tb_item (pk_item, name) SELECT i, 'item ' || i FROM generate_series(1, 5) i;
	INSERT INTO tb_sale (pk_sale, fk_item, price) SELECT i, 1 + i % 5, i FROM generate_series(1, 20) i;
	CREATE MATERIALIZED VIEW mv_total AS SELECT fk_item, sum(price) AS total FROM tb_sale GROUP BY 1;
	CREATE UNIQUE INDEX ON mv_total (fk_item);
	CREATE MATERIALIZED VIEW mv_twice AS SELECT fk_item, 2 * total AS total FROM mv_total;
	CREATE VIEW totals AS SELECT * FROM mv_total UNION ALL SELECT * FROM mv_twice;
	SELECT public.pg_tviews_create('item', 'SELECT pk_item, id, jsonb_build_object(''name'', name, ''total'', (SELECT sum(total) FROM totals WHERE fk_item = pk_item)) AS data FROM tb_item',
		options => '{"allow_stale_sources": true}');
	CREATE TABLE tv_sale AS SELECT s.pk_sale, s.id, s.fk_item, jsonb_build_object('price', s.price, 'item', i.data) AS data
	  FROM tb_sale s JOIN tv_item i ON i.pk_item = s.fk_item;
	-- Only the materialized view: nothing else says that the TVIEW has rows.
	SELECT public.pg_tviews_create('total', 'SELECT fk_item, to_jsonb(total) AS data FROM mv_total', key_columns => '{fk_item}', options => '{"allow_stale_sources": true}');
	-- Older than its base tables.
	INSERT INTO tb_sale (pk_sale, fk_item, price) VALUES (100, 1, 1000);
});

my $rows = q{SELECT * FROM shop.tv_item ORDER BY 1; SELECT * FROM shop.tv_sale ORDER BY 1; SELECT * FROM shop.tv_total ORDER BY 1};
my $deviations = 'SELECT entity, missing, extra, different FROM pg_tviews_verify() WHERE missing + extra + different > 0';

# A restored materialized view is fresh, so the source is refreshed before the rows are compared.
sub restored
{
	my ($database, $what) = @_;
	is($node->safe_psql($database, 'SELECT count(*) FROM pg_tview_meta'), '3', "$what: all there");
	is($node->safe_psql($database, $deviations), '', "$what: exact");
	is($node->safe_psql($database, $rows), $node->safe_psql('source', $rows), "$what: the same rows");
	$node->safe_psql($database, q{
		UPDATE shop.tb_item SET name = 'other' WHERE pk_item = 2;
		UPDATE shop.tb_sale SET price = 500 WHERE pk_sale = 3;
		REFRESH MATERIALIZED VIEW shop.mv_total;
		REFRESH MATERIALIZED VIEW shop.mv_twice;
	});
	is($node->safe_psql($database, $deviations), '', "$what: exact after writing");
	is($node->safe_psql($database, q{SELECT data->>'name', data->'total' FROM shop.tv_item WHERE pk_item IN (2, 4) ORDER BY pk_item}), "other|102\nitem 4|1617", "$what: maintained");
	is($node->safe_psql($database, q{SELECT message FROM pg_tviews_health_check() WHERE status <> 'OK'}), '', "$what: healthy");
}

# No error, and no warning but those expected.
sub quiet
{
	my ($what, $expected, @command) = @_;
	my ($out, $err) = ('', '');
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	my $ok = IPC::Run::run [ $node->installed_command($command[0]), @command[ 1 .. $#command ] ], '>', \$out, '2>', \$err;
	ok($ok, "$what: no error");
	is(join("\n", grep { /(ERROR|WARNING):/ && !/$expected/ } split /\n/, $err), '', "$what: no complaint");
}
sub database { my ($name) = @_; $node->safe_psql('postgres', "DROP DATABASE IF EXISTS $name"); $node->safe_psql('postgres', "CREATE DATABASE $name"); return $name; }
sub dump_to { my ($file, @options) = @_; $node->command_ok([ 'pg_dump', '-d', $node->connstr('source'), '-f', "$folder/$file", @options ], "dump $file"); }

# As of its last refresh, before the last sale.
dump_to('full.custom', '-Fc');
my $database = database('stale');
quiet('a stale source', qr/^$/, 'pg_restore', '-d', $database, "$folder/full.custom");
is($node->safe_psql($database, $deviations), '', 'a stale source: exact');
is($node->safe_psql($database, 'SELECT max(total) FROM shop.mv_total'), '1050', 'a stale source: it is refreshed by the restore');
$node->safe_psql('source', 'REFRESH MATERIALIZED VIEW shop.mv_total; REFRESH MATERIALIZED VIEW shop.mv_twice');
is($node->safe_psql('source', $deviations), '', 'the source is exact');

dump_to('full.sql');
dump_to('full.custom', '-Fc');
dump_to('full.folder', '-Fd');
dump_to('schema.sql', '--schema-only');
dump_to('data.sql', '--data-only');
dump_to('shop.sql', '-n', 'shop');

quiet('plain', qr/^$/, 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/output", '-d', database('whole'), '-f', "$folder/full.sql");
restored('whole', 'plain');
quiet('one transaction', qr/^$/, 'psql', '-Xq1', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/output", '-d', database('whole'), '-f', "$folder/full.sql");
restored('whole', 'one transaction');
foreach my $options ([], ['-j4'], ['--clean', '--if-exists'])
{
	my $what = join ' ', 'archive', @$options;
	quiet($what, qr/^$/, 'pg_restore', '-d', $options->[0] && $options->[0] eq '--clean' ? 'whole' : database('whole'), @$options, "$folder/full.folder");
	restored('whole', $what);
}
$database = database('sections');
quiet("section $_", qr/^$/, 'pg_restore', '-d', $database, "--section=$_", "$folder/full.custom") foreach ('pre-data', 'data', 'post-data');
restored($database, 'sections');

# The metadata is made again.
$database = database('one_schema');
$node->safe_psql($database, 'CREATE EXTENSION pg_tviews');
quiet('one schema', qr/is not maintained yet/, 'psql', '-Xq', '-d', $database, '-f', "$folder/shop.sql");
restored($database, 'one schema');

# Without data a materialized view is unreadable, and so is what reads it, until it is refreshed.
$database = database('schema_first');
quiet('schema first', qr/^$/, 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/output", '-d', $database, '-f', "$folder/schema.sql");
$node->safe_psql($database, 'REFRESH MATERIALIZED VIEW shop.mv_total; REFRESH MATERIALIZED VIEW shop.mv_twice');
quiet('data later', qr/^$/, 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-o', "$folder/output", '-d', $database, '-f', "$folder/data.sql");
is($node->safe_psql($database, $deviations), '', 'data later: exact');
$node->safe_psql($database, 'REFRESH MATERIALIZED VIEW shop.mv_total; REFRESH MATERIALIZED VIEW shop.mv_twice');
restored($database, 'data later');

$node->stop;
done_testing();
