# t/010_progress.pl - creation and refresh of a TVIEW of 1,000,000 rows report their progress, and are cancelled without
# leaving anything; refreshes that take long are logged.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $node = new_node('progress');
$node->safe_psql('postgres', q{
	CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL, name text);
	INSERT INTO tb_item SELECT i, gen_random_uuid(), 'item ' || i FROM generate_series(1, 1000000) i;
	ANALYZE tb_item;
});
my $create = q{CREATE TABLE tv_item AS SELECT pk_item, id, jsonb_build_object('name', name) AS data FROM tb_item};

# What a running operation shows once it has come so far.
sub progress
{
	my ($condition) = @_;
	my $sql = "SELECT entity, phase, rows_total FROM pg_tviews_progress WHERE $condition";
	for (1 .. 1800)
	{
		my $seen = $node->safe_psql('postgres', $sql);
		return $seen if $seen ne '';
		select undef, undef, undef, 0.1;
	}
	return 'timed out';
}

sub nothing_left
{
	my ($what) = @_;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_tviews_progress'), 0, "$what: no progress left");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), 0, "$what: no lock left");
}

my $writer = Tviews::Session->new($node);
my $cancel = "SELECT pg_cancel_backend($writer->{pid})";

$writer->send($create);
like(progress(q{phase = 'populating' AND rows_done >= 10000}), qr/^item\|populating\|\d+$/, 'creation: populating');
$node->safe_psql('postgres', $cancel);
like($writer->result, qr/57014/, 'creation: cancelled');
nothing_left('creation');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname IN ('tv_item', 'v_item')}), 0, 'creation: nothing made');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_trigger WHERE tgrelid = 'tb_item'::regclass}), 0, 'creation: no trigger');

$writer->send($create);
is(progress(q{phase = 'building indexes'}), 'item|building indexes|1000000', 'creation: building indexes');
$node->safe_psql('postgres', $cancel);
like($writer->result, qr/57014/, 'index: cancelled');
nothing_left('index');
$writer->run($create);
is_exact($node, 'created', 'item');

$writer->run(q{
	SET session_replication_role = replica;
	UPDATE tb_item SET name = name || '!' WHERE pk_item % 10 = 0;
	RESET session_replication_role});
$writer->send(q{SELECT pg_tviews_refresh('item')});
is(progress(q{phase = 'comparing' AND rows_done >= 10000}) =~ s/\d+$/N/r, 'item|comparing|N', 'refresh: comparing');
$node->safe_psql('postgres', $cancel);
like($writer->result, qr/57014/, 'refresh: cancelled');
nothing_left('refresh');
is($node->safe_psql('postgres', q{SELECT count(*) FROM tv_item WHERE data ->> 'name' LIKE '%!'}), 0, 'refresh: nothing written');

my $offset = -s $node->logfile;
is($writer->run(q{SET pg_tviews.log_min_refresh_duration = 1; SELECT pg_tviews_refresh('item')}), "100000\n", 'refreshed');
is_exact($node, 'refreshed', 'item');
$writer->run(q{SET pg_tviews.log_min_refresh_duration = 0; UPDATE tb_item SET name = 'x' WHERE pk_item IN (1, 2); SET pg_tviews.log_min_refresh_duration = -1; UPDATE tb_item SET name = 'x' WHERE pk_item = 3});
my $log = slurp_file($node->logfile, $offset);
my @lines = $log =~ /LOG:  duration: [\d.]+ ms  (refresh of TVIEW .*)/g;
is_deeply(\@lines, ['refresh of TVIEW public.tv_item: all keys, 100000 rows written', 'refresh of TVIEW public.tv_item: 2 keys, 2 rows written'],
	'durations are logged');
$node->stop;
done_testing();
