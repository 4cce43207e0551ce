# t/011_statistics.pl - pg_tviews_stats: sessions that come and go, two databases, a backend killed with -9, restarts, no
# dynamic shared memory to be had, a TVIEW whose table number somebody else had, a standby.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $node = PostgreSQL::Test::Cluster->new('statistics');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
my $make = q{
	CREATE EXTENSION pg_tviews;
	CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	INSERT INTO tb_item (pk_item, name) SELECT i, 'item ' || i FROM generate_series(1, 100) i;
	CREATE TABLE tv_item AS SELECT pk_item, id, jsonb_build_object('name', name) AS data FROM tb_item};
$node->safe_psql('postgres', $make);
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', $make);

sub stats { return $_[0]->safe_psql($_[1] // 'postgres', 'SELECT flushes, rows_updated, errors FROM pg_tviews_stats'); }
sub rename_items
{
	my ($database, $items) = @_;
	$node->safe_psql($database, "UPDATE tb_item SET name = name || '!' WHERE pk_item <= $items");
}

# Each call is a session of its own.
is(stats($node), '0|0|0', 'nothing yet');
rename_items('postgres', $_) for (1 .. 3);
rename_items('other', 5);
is(stats($node), '3|6|0', 'three sessions');
is(stats($node, 'other'), '1|5|0', 'another database');

# Sessions at the same time, each with transactions that are rolled back.
my @writers = map { Tviews::Session->new($node) } (1 .. 4);
$writers[$_]->send(sprintf(q{DO $$ BEGIN FOR i IN 1 .. 200 LOOP
	UPDATE tb_item SET name = 'x' || i WHERE pk_item = %d;
	IF i %% 2 = 0 THEN COMMIT; ELSE PERFORM FROM tv_item; ROLLBACK; END IF;
END LOOP; END $$}, $_ + 1)) for 0 .. 3;
is($_->result, '', 'written') for @writers;
is(stats($node), '803|806|0', 'nothing is lost between them');

# A clean restart and a crash begin anew; nothing dangles.
$node->restart;
is(stats($node), '0|0|0', 'restarted');
rename_items('postgres', 2);
is(stats($node), '1|2|0', 'counting after a restart');

# A server of which a backend is killed. Its log says so: what it may say is checked here, and the file is put aside.
my $crashed = new_node('crashed', restart_after_crash => 'on');
$crashed->safe_psql('postgres', $make =~ s/CREATE EXTENSION pg_tviews;//r);
my $victim = Tviews::Session->new($crashed);
$victim->run(q{BEGIN; UPDATE tb_item SET name = 'lost' WHERE pk_item = 1; SELECT count(*) FROM tv_item});
is(stats($crashed), '1|1|0', 'before the crash');
kill 'KILL', $victim->{pid};
like($victim->run('SELECT 1'), qr/lost/, 'the connection is gone');
$crashed->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
is(stats($crashed), '0|0|0', 'after a crash');
$crashed->safe_psql('postgres', q{UPDATE tb_item SET name = 'x' WHERE pk_item <= 3});
is(stats($crashed), '1|3|0', 'counting after a crash');
is_exact($crashed, 'after the crash', 'item');
$crashed->stop;
my $log = slurp_file($crashed->logfile);
is(join(' ', $log =~ /was terminated by signal (\d+)/g), '9', 'nothing ended by any other signal');
unlike($log, qr/TRAP:|PANIC|reference leak|resource was not closed/, 'and nothing else is wrong');
rename $crashed->logfile, $crashed->logfile . '.killed' or die "cannot rename the log: $!";

# Without room for the counters nothing is counted, and nothing fails; the next session that finds room counts.
$node->append_conf('postgresql.conf', "dynamic_shared_memory_type = mmap\n");
$node->restart;
my $directory = $node->data_dir . '/pg_dynshmem';
chmod 0500, $directory;
SKIP:
{
	skip 'runs as root', 3 if $> == 0;
	my $offset = -s $node->logfile;
	rename_items('postgres', 4);
	is_exact($node, 'without shared memory', 'item');
	like(slurp_file($node->logfile, $offset), qr/LOG:  refreshes of TVIEWs are not counted in this session: could not open shared memory/, 'logged');
	chmod 0700, $directory;
	rename_items('postgres', 2);
	is(stats($node), '1|2|0', 'counted again');
}
chmod 0700, $directory;

# Counters of dropped TVIEWs and databases are given back when the next TVIEW is counted.
rename_items('other', 1);
$node->safe_psql('postgres', 'DROP DATABASE other');
$node->safe_psql('postgres', q{
	DO $$ BEGIN FOR i IN 1 .. 50 LOOP
		EXECUTE 'CREATE TABLE tv_temporary AS SELECT pk_item AS pk_temporary, id, to_jsonb(name) AS data FROM tb_item';
		UPDATE tb_item SET name = 'y' || i WHERE pk_item = 1;
		PERFORM FROM tv_temporary;
		DROP TABLE tv_temporary;
		COMMIT;
	END LOOP; END $$});
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM pg_tviews_stats()'), '<=', 3, 'no counters of dropped TVIEWs');

# A standby counts nothing itself, and answers.
$node->safe_psql('postgres', 'SELECT pg_tviews_sample_metrics()');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
rename_items('postgres', 3);
$node->wait_for_catchup($standby);
is(stats($standby), '0|0|0', 'standby');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM pg_tviews_metrics'), '1', 'history is replicated');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM pg_tviews_performance_summary'), '0', 'summary of a standby');
$standby->safe_psql('postgres', 'SELECT pg_tviews_stats_reset()');
my (undef, undef, $error) = $standby->psql('postgres', 'SELECT pg_tviews_sample_metrics()', on_error_stop => 0);
like($error, qr/cannot execute \w+ in a read-only transaction/, 'no samples on a standby');
$standby->promote;
$standby->safe_psql('postgres', q{UPDATE tb_item SET name = 'promoted' WHERE pk_item <= 2});
is(stats($standby), '1|2|0', 'counts once promoted');
$standby->stop;
$node->stop;
done_testing();
