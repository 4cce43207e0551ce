# t/005_streaming_replica.pl - TVIEWs on a standby: right at every moment while writers run on the primary; what functions
# do there; promotion, after which maintenance goes on; the old primary rewound and back as a standby.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "wal_log_hints = on\nmax_prepared_transactions = 10\nautovacuum = off\nwal_keep_size = 320MB\n");
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION pg_tviews;
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
	CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
	CREATE INDEX ON tb_post (fk_user);
	INSERT INTO tb_user SELECT i, gen_random_uuid(), 'user ' || i FROM generate_series(1, 10) i;
	INSERT INTO tb_post SELECT i, gen_random_uuid(), 1 + i % 10, 'post ' || i FROM generate_series(1, 100) i;
	CREATE TABLE tv_user AS SELECT pk_user, u.id, jsonb_build_object('name', name, 'posts', (SELECT jsonb_agg(title ORDER BY pk_post)
	  FROM tb_post WHERE fk_user = pk_user)) AS data FROM tb_user u;
	CREATE TABLE tv_post AS SELECT pk_post, p.id, fk_user, jsonb_build_object('title', title, 'author', u.data -> 'name') AS data
	  FROM tb_post p JOIN tv_user u ON pk_user = fk_user;
	SELECT pg_tviews_create('count', 'SELECT fk_user, count(*) AS posts FROM tb_post WHERE fk_user IS NOT NULL GROUP BY fk_user', key_columns => '{fk_user}')});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# What the standby reads is not cleaned up on the primary.
$standby->append_conf('postgresql.conf', 'hot_standby_feedback = on');
$standby->start;
my @all = qw(user post count);

# Writers run until the reader has looked often enough; each of its looks is one query, so one moment.
my @writers = map { Tviews::Session->new($primary) } (1 .. 2);
my $loop = q{DO $$ BEGIN FOR i IN 1 .. 400 LOOP
	UPDATE tb_user SET name = 'user ' || random() WHERE pk_user = 1 + i % 10;
	INSERT INTO tb_post VALUES (%d + i, gen_random_uuid(), 1 + i % 10, 'new ' || i);
	UPDATE tb_post SET fk_user = 1 + (i * 7) % 10 WHERE pk_post = %d + i - 3;
	DELETE FROM tb_post WHERE pk_post = %d + i - 6;
	COMMIT;
END LOOP; END $$};
$writers[$_]->send(sprintf($loop, (1000 * ($_ + 1)) x 3)) for 0 .. 1;
my $reader = Tviews::Session->new($standby);
my $look = 'SELECT count(*) FROM (' . join(' UNION ALL ', map {
	"(SELECT x::text FROM (TABLE v_$_ EXCEPT ALL TABLE tv_$_) x) UNION ALL (SELECT x::text FROM (TABLE tv_$_ EXCEPT ALL TABLE v_$_) x)" } @all) . ') d';
my ($looks, $wrong, %states) = (0, 0);
for (1 .. 200)
{
	$wrong++ if $reader->run($look) ne "0\n";
	$states{$reader->run(q{SELECT md5(string_agg(x::text, '' ORDER BY pk_user)) FROM tv_user x})} = 1;
	$looks++;
}
is($wrong, 0, "$looks looks at the standby, all exact");
cmp_ok(scalar keys %states, '>', 5, 'while it changed');
is($_->result, '', 'written') for @writers;
$primary->wait_for_catchup($standby);
is_exact($_, $_->name, @all) for ($primary, $standby);

# A transaction that the standby has a snapshot in the middle of; the same for a prepared one.
$reader->run('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM tv_user');
$primary->safe_psql('postgres', q{DELETE FROM tb_post WHERE pk_post % 3 = 0;
	BEGIN; UPDATE tb_user SET name = 'prepared' WHERE pk_user = 1; PREPARE TRANSACTION 'promoted'});
$primary->wait_for_catchup($standby);
is($reader->run($look), "0\n", 'an old snapshot');
$reader->run('COMMIT');
is($reader->run($look), "0\n", 'a new one');
$reader->close;

# What functions do there.
my $answers = sub
{
	my ($sql) = @_;
	my ($status, $out, $error) = $standby->psql('postgres', "\\set VERBOSITY verbose\n$sql");
	return $error =~ /ERROR:\s+(\w+)/ ? $1 : $out;
};
is($answers->(q{SELECT count(*) FROM pg_tviews_verify() WHERE missing + extra + different = 0}), 3, 'pg_tviews_verify');
is($answers->(q{SELECT count(*) FROM pg_tviews_health_check() WHERE severity = 'error' OR status = 'ERROR'}), 0, 'pg_tviews_health_check');
like($answers->(q{SELECT string_agg(e, ' ') FROM pg_tviews_explain('user') e}), qr/columns used/, 'pg_tviews_explain');
like($answers->('SELECT pg_tviews_version()'), qr/^\d/, 'pg_tviews_version');
is($answers->($_), '25006', $_) for (
	q{SELECT pg_tviews_refresh('user')}, q{SELECT * FROM pg_tviews_refresh_all()}, q{SELECT pg_tviews_reinstall_triggers()},
	q{SELECT pg_tviews_drop('post')}, q{SELECT pg_tviews_create('other', 'SELECT pk_user, id, name FROM tb_user')},
	q{CREATE TABLE tv_other AS SELECT pk_user, id, name FROM tb_user}, q{UPDATE tb_user SET name = 'x'},
	q{SELECT pg_tviews_set_replica_maintenance('user', true)}, q{SELECT pg_tviews_replace('post', 'SELECT pk_post, id FROM tb_post')},
	q{SELECT pg_tviews_convert_table('tb_user', 'SELECT pk_user, id, name FROM tb_user')}, q{SELECT pg_tviews_ddl('REFRESH TVIEW user')});
is(scalar $standby->psql('postgres', $_), 0, $_) for (
	q{SELECT count(*) FROM pg_tviews_queue_realtime}, q{SELECT pg_tviews_flush()}, q{SELECT count(*) > 0 FROM pg_tviews_cache_stats},
	q{SELECT count(*) FROM pg_tviews_progress}, q{SELECT gid FROM pg_tviews_recover_prepared_transactions()},
	q{SELECT count(*) FROM pg_tviews_suggest_indexes('user')}, q{SELECT pg_tviews_insert('tb_user'::regclass, 1)});
is_exact($standby, 'after all that', @all);

# Promotion: the first write maintains, the prepared transaction is whole.
$primary->stop('fast');
$standby->promote;
$standby->safe_psql('postgres', q{UPDATE tb_user SET name = 'after promotion' WHERE pk_user = 2;
	INSERT INTO tb_post VALUES (9000, gen_random_uuid(), 2, 'after promotion')});
is($standby->safe_psql('postgres', q{SELECT data ->> 'author' FROM tv_post WHERE pk_post = 9000}), 'after promotion', 'maintained at once');
is_exact($standby, 'promoted', @all);
$standby->safe_psql('postgres', q{COMMIT PREPARED 'promoted'});
is($standby->safe_psql('postgres', q{SELECT data ->> 'name' FROM tv_user WHERE pk_user = 1}), 'prepared', 'prepared before, committed after');
is_exact($standby, 'prepared transaction committed', @all);
is($standby->safe_psql('postgres', q{SELECT pg_tviews_replace('count', 'SELECT fk_user, count(*) AS posts, max(title) AS last FROM tb_post WHERE fk_user IS NOT NULL GROUP BY fk_user')}),
	'replaced', 'definition replaced after promotion');

# The old primary has written on; what it wrote alone goes with pg_rewind.
$primary->start;
$primary->safe_psql('postgres', q{ROLLBACK PREPARED 'promoted'; UPDATE tb_user SET name = 'lost'});
$primary->stop('fast');
$standby->safe_psql('postgres', 'CHECKPOINT');
my $conf = $primary->data_dir . '/postgresql.conf';
my $own = slurp_file($conf);
command_ok([ 'pg_rewind', '-D', $primary->data_dir, '--source-server', $standby->connstr('postgres') ], 'pg_rewind');
open(my $file, '>', $conf) or die $!;
print $file $own;
close $file;
$primary->enable_streaming($standby);
$primary->set_standby_mode;
$primary->start;
$standby->safe_psql('postgres', q{UPDATE tb_user SET name = 'rejoined' WHERE pk_user = 3});
$standby->wait_for_catchup($primary);
is($primary->safe_psql('postgres', q{SELECT string_agg(DISTINCT data ->> 'name', ',' ORDER BY data ->> 'name') FROM tv_user WHERE pk_user < 4}),
	'after promotion,prepared,rejoined', 'rewound and following');
is_exact($primary, 'rejoined', @all);
$standby->stop('fast');
$primary->promote;
$primary->safe_psql('postgres', q{UPDATE tb_user SET name = 'back' WHERE pk_user = 4; DELETE FROM tb_post WHERE pk_post = 9000});
is_exact($primary, 'promoted again', @all);
$primary->stop;
done_testing();
