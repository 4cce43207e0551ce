# t/004_logical_replication.pl - TVIEWs and logical replication: a subscriber that receives base tables maintains its own
# TVIEWs; one without the extension receives tv_ tables; one that receives both maintains, and fails at nothing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $publisher = new_node('publisher', wal_level => 'logical', max_wal_senders => 10, logical_decoding_work_mem => '64kB');
my $maintaining = new_node('maintaining', max_logical_replication_workers => 12, max_worker_processes => 20);
my $plain = PostgreSQL::Test::Cluster->new('plain');
$plain->init;
$plain->start;
my @all = qw(user post feed title);

my $tables = q{
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
	CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text) PARTITION BY RANGE (pk_post);
	CREATE TABLE tb_post_1 PARTITION OF tb_post FOR VALUES FROM (0) TO (1000);
	CREATE TABLE tb_post_2 PARTITION OF tb_post FOR VALUES FROM (1000) TO (1000000);
};
my $tviews = q{
	CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
	CREATE TABLE tv_post AS SELECT pk_post, p.id, fk_user, jsonb_build_object('title', title, 'author', u.data) AS data
	  FROM tb_post p JOIN tv_user u ON pk_user = fk_user;
	CREATE TABLE tv_feed AS SELECT pk_user, u.id, jsonb_build_object('posts', (SELECT jsonb_agg(p.data ORDER BY pk_post) FROM tv_post p
	  WHERE fk_user = pk_user)) AS data FROM tb_user u;
	CREATE TABLE tv_title AS SELECT pk_post, id, to_jsonb(title) AS data FROM tb_post;
};
$publisher->safe_psql('postgres', $tables . $tviews . q{
	INSERT INTO tb_user SELECT i, gen_random_uuid(), 'user ' || i FROM generate_series(1, 20) i;
	INSERT INTO tb_post SELECT i, gen_random_uuid(), 1 + i % 20, 'post ' || i FROM generate_series(900, 1100) i;
	CREATE PUBLICATION base FOR TABLE tb_user, tb_post;
	CREATE PUBLICATION documents FOR TABLE tv_user, tv_post, tv_feed, tv_title});
$maintaining->safe_psql('postgres', $tables . $tviews . q{
	SELECT pg_tviews_set_replica_maintenance('feed', true)});
$plain->safe_psql('postgres', q{
	CREATE TABLE tv_user (pk_user int PRIMARY KEY, id uuid NOT NULL, data jsonb);
	CREATE TABLE tv_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, data jsonb);
	CREATE TABLE tv_feed (pk_user int PRIMARY KEY, id uuid NOT NULL, data jsonb);
	CREATE TABLE tv_title (pk_post int PRIMARY KEY, id uuid NOT NULL, data jsonb)});

# Large transactions are sent before they end, and from PostgreSQL 16 on applied by several workers.
my $streaming = $publisher->pg_version >= 16 ? 'parallel' : 'on';
sub subscribe
{
	my ($node, $name, $publication, $options) = @_;
	my $from = $publisher->connstr;
	$node->safe_psql('postgres',
		"CREATE SUBSCRIPTION $name CONNECTION '$from dbname=postgres' PUBLICATION $publication WITH (streaming = $streaming $options)");
}

sub caught_up
{
	my ($node, @names) = @_;
	$publisher->wait_for_catchup($_) for @names;
	$node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')})
	  or die 'timed out waiting for the tables';
	$publisher->wait_for_catchup($_) for @names;
}

sub rows
{
	my ($node, $table) = @_;
	return $node->safe_psql('postgres', "SELECT * FROM $table ORDER BY 1");
}

sub same_everywhere
{
	my ($what, @entities) = @_;
	caught_up($maintaining, 'maintained');
	caught_up($plain, 'documents');
	is_exact($publisher, "publisher, $what", @all);
	is_exact($maintaining, "subscriber, $what", @entities);
	is(rows($maintaining, "tv_$_"), rows($publisher, "tv_$_"), "subscriber has the same tv_$_, $what") for @entities;
	is(rows($plain, "tv_$_"), rows($publisher, "tv_$_"), "plain subscriber has the same tv_$_, $what") for @all;
}

subscribe($maintaining, 'maintained', 'base', ', two_phase = on');
subscribe($plain, 'documents', 'documents', '');
same_everywhere('first copy', qw(user post feed));
is($maintaining->safe_psql('postgres', 'SELECT count(*) FROM tv_title'), 0, 'a TVIEW that was not asked for is left alone');
is($plain->safe_psql('postgres', q{SELECT count(*) FROM pg_extension WHERE extname = 'pg_tviews'}), 0, 'no extension there');

$maintaining->safe_psql('postgres', q{SELECT pg_tviews_set_replica_maintenance('title', true)});
is_exact($maintaining, 'asked for later', @all);
my @steps = (
	[ 'insert', q{INSERT INTO tb_user VALUES (21, gen_random_uuid(), 'new'); INSERT INTO tb_post VALUES (1, gen_random_uuid(), 21, 'first')} ],
	[ 'update', q{UPDATE tb_user SET name = 'renamed' WHERE pk_user < 4; UPDATE tb_post SET fk_user = 5, title = 'moved' WHERE pk_post % 10 = 0} ],
	[ 'key', q{UPDATE tb_post SET pk_post = pk_post + 5000 WHERE pk_post IN (950, 1050)} ],
	[ 'delete', q{DELETE FROM tb_post WHERE pk_post BETWEEN 1000 AND 1020; DELETE FROM tb_user WHERE pk_user = 6} ],
	[ 'one transaction of many', q{
		BEGIN;
		INSERT INTO tb_user VALUES (30, gen_random_uuid(), 'thirty');
		SAVEPOINT s;
		INSERT INTO tb_post SELECT i, gen_random_uuid(), 30, 'gone' FROM generate_series(2000, 2050) i;
		ROLLBACK TO s;
		INSERT INTO tb_post SELECT i, gen_random_uuid(), 30, 'post ' || i FROM generate_series(2000, 2010) i;
		UPDATE tb_user SET name = 'thirty one' WHERE pk_user = 30;
		DELETE FROM tb_post WHERE pk_post = 2003;
		COMMIT} ],
	[ 'rolled back', q{BEGIN; UPDATE tb_user SET name = 'never'; DELETE FROM tb_post; ROLLBACK} ],
	[ 'large transaction', q{INSERT INTO tb_post SELECT i, gen_random_uuid(), 1 + i % 20, repeat('x', 100) FROM generate_series(10000, 12000) i} ],
	[ 'large transaction with a savepoint', q{
		BEGIN;
		UPDATE tb_post SET title = repeat('y', 100) WHERE pk_post >= 10000;
		SAVEPOINT s;
		DELETE FROM tb_post WHERE pk_post >= 10000;
		ROLLBACK TO s;
		DELETE FROM tb_post WHERE pk_post >= 11000;
		COMMIT} ],
	[ 'prepared', q{
		BEGIN; UPDATE tb_user SET name = 'prepared' WHERE pk_user = 1; PREPARE TRANSACTION 'one';
		BEGIN; DELETE FROM tb_post WHERE pk_post = 1; PREPARE TRANSACTION 'two';
		ROLLBACK PREPARED 'two'; COMMIT PREPARED 'one'} ],
	[ 'truncate', q{TRUNCATE tb_post; INSERT INTO tb_post VALUES (7, gen_random_uuid(), 1, 'after')} ],
	[ 'truncate of all', q{BEGIN; TRUNCATE tb_user, tb_post; INSERT INTO tb_user VALUES (1, gen_random_uuid(), 'one'); COMMIT} ],
	[ 'rows again', q{INSERT INTO tb_post SELECT i, gen_random_uuid(), 1, 'post ' || i FROM generate_series(995, 1005) i} ]);
for my $step (@steps)
{
	$publisher->safe_psql('postgres', $step->[1]);
	same_everywhere($step->[0], @all);
}
is($maintaining->safe_psql('postgres', q{SELECT string_agg(message, ', ') FROM pg_tviews_health_check() WHERE status <> 'OK' AND component = 'triggers'}),
	'', 'healthy');

# The subscriber's own writers, at the same time.
my @writers = map { Tviews::Session->new($_) } ($publisher, $maintaining);
for my $i (1 .. 10)
{
	$writers[0]->send("UPDATE tb_user SET name = 'from publisher $i' WHERE pk_user = 1");
	$writers[1]->send("INSERT INTO tb_post VALUES ($i, gen_random_uuid(), 1, 'own $i')");
	is($_->result, '', 'written') for @writers;
}
$_->close for @writers;
caught_up($maintaining, 'maintained');
is_exact($maintaining, 'subscriber with writers of its own', @all);
$maintaining->safe_psql('postgres', 'DELETE FROM tb_post WHERE pk_post < 900');

# Rows of documents for TVIEWs that are maintained are left out, also those of the first copy.
subscribe($maintaining, 'doubled', 'documents', '');
caught_up($maintaining, 'doubled');
same_everywhere('both', @all);
$publisher->safe_psql('postgres', $_) for (
	q{INSERT INTO tb_user VALUES (2, gen_random_uuid(), 'two'); INSERT INTO tb_post VALUES (2, gen_random_uuid(), 2, 'second')},
	q{BEGIN; UPDATE tb_user SET name = 'both'; INSERT INTO tb_post VALUES (3, gen_random_uuid(), 2, 'third'); COMMIT},
	q{DELETE FROM tb_post WHERE pk_post = 2},
	q{SET pg_tviews.allow_direct_writes = on; BEGIN; TRUNCATE tv_title; SELECT pg_tviews_refresh('title'); COMMIT});
caught_up($maintaining, 'doubled');
same_everywhere('both, after writes', @all);

# One publication with all of it: one transaction there is one here.
$maintaining->safe_psql('postgres', 'DROP SUBSCRIPTION doubled');
$publisher->safe_psql('postgres', 'ALTER PUBLICATION base ADD TABLE tv_user, tv_post, tv_feed, tv_title');
$maintaining->safe_psql('postgres', 'DROP SUBSCRIPTION maintained');
$maintaining->safe_psql('postgres', 'TRUNCATE tb_post, tb_user');
subscribe($maintaining, 'maintained', 'base', '');
same_everywhere('all in one', @all);
$publisher->safe_psql('postgres', $_) for (
	q{BEGIN; INSERT INTO tb_user VALUES (4, gen_random_uuid(), 'four'); INSERT INTO tb_post VALUES (4, gen_random_uuid(), 4, 'fourth');
	  SELECT count(*) FROM tv_feed; UPDATE tb_user SET name = 'four again' WHERE pk_user = 4; COMMIT},
	q{DELETE FROM tb_post WHERE pk_post = 3},
	q{TRUNCATE tb_post});
same_everywhere('all in one, after writes', @all);

# One of the TVIEWs of a table is maintained, the other receives its rows.
$maintaining->safe_psql('postgres', q{SELECT pg_tviews_set_replica_maintenance('title', false)});
$publisher->safe_psql('postgres', $_) for (
	q{INSERT INTO tb_post SELECT i, gen_random_uuid(), 4, 'mixed ' || i FROM generate_series(20, 29) i},
	q{UPDATE tb_post SET title = 'mixed' WHERE pk_post < 25; DELETE FROM tb_post WHERE pk_post = 29},
	q{TRUNCATE tb_post; INSERT INTO tb_post VALUES (6, gen_random_uuid(), 4, 'sixth')});
same_everywhere('mixed', @all);

# Documents instead of maintenance.
$maintaining->safe_psql('postgres', qq{SELECT pg_tviews_set_replica_maintenance('$_', false)}) for reverse @all;
$publisher->safe_psql('postgres', q{UPDATE tb_user SET name = 'received'; INSERT INTO tb_post VALUES (5, gen_random_uuid(), 4, 'fifth')});
same_everywhere('no maintenance any more', @all);
for my $node ($maintaining, $plain)
{
	my @errors = grep { !/terminating|the database system is/ } slurp_file($node->logfile) =~ /((?:ERROR|PANIC):.*)/g;
	is_deeply(\@errors, [], 'no errors: ' . $node->name);
}
$_->stop for ($maintaining, $plain, $publisher);
done_testing();
