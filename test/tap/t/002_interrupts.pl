# t/002_interrupts.pl - a flush is interrupted at its three stages, in every way PostgreSQL has, at COMMIT and at a read in
# mid-transaction: the writer gets the error, its transaction is rolled back, the session goes on, the TVIEW is exact.
#
# Stages are reached without sleeping: "lock" waits for a document another transaction has flushed; "compute" for an
# advisory lock in a function of the definition; "write" for one in an index expression of the TVIEW, half of its rows written.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $node = new_node('interrupts', restart_after_crash => 'on');
$node->safe_psql('postgres', q{
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int REFERENCES tb_user, title text);
	CREATE INDEX ON tb_post (fk_user);
	INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 3) i;
	INSERT INTO tb_post (pk_post, fk_user, title) SELECT i, 1, 'post ' || i FROM generate_series(1, 6) i;
	INSERT INTO tb_post (pk_post, fk_user, title) VALUES (7, 2, 'other');
	CREATE FUNCTION gate(name text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
		IF name = 'compute' THEN PERFORM pg_advisory_xact_lock_shared(1); END IF;
		IF name = 'error' THEN RAISE EXCEPTION division_by_zero; END IF;
		RETURN name; END $$;
	CREATE FUNCTION gate_write(pk_post int, author text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
		IF pk_post = 4 AND author = 'write' THEN PERFORM pg_advisory_xact_lock_shared(2); END IF;
		RETURN author; END $$;
});
$node->safe_psql('postgres', q{
	CREATE TABLE tv_post AS
	SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', gate(u.name)) AS data
	FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
});
$node->safe_psql('postgres', q{
	CREATE INDEX gate_write ON tv_post (gate_write(pk_post, data->>'author'));
	CREATE TABLE tv_user AS
	SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts',
		coalesce((SELECT jsonb_agg(p.data->'author' ORDER BY p.pk_post) FROM tv_post p WHERE p.fk_user = u.pk_user), '[]')) AS data
	FROM tb_user u;
});

my $gate;

sub close_gates { $gate = Tviews::Session->new($node); $gate->run('SELECT pg_advisory_lock(1), pg_advisory_lock(2)'); }
sub open_gates { $gate->close; }
sub exact { is_exact($node, $_[0], 'post', 'user'); }

# The writer stands in the middle of its flush when this returns.
sub stuck
{
	my ($stage, $moment, $settings) = @_;
	my $holder;
	close_gates();
	if ($stage eq 'lock')
	{
		$holder = Tviews::Session->new($node);
		$holder->run('BEGIN; UPDATE tb_post SET title = title || $$.$$ WHERE pk_post = 3; SELECT count(*) FROM tv_post');
	}
	my $writer = Tviews::Session->new($node);
	$writer->run("$settings; BEGIN; UPDATE tb_post SET title = 'changed' WHERE pk_post = 7; UPDATE tb_user SET name = '$stage' WHERE pk_user = 1");
	$writer->send($moment eq 'commit' ? 'COMMIT' : "SELECT count(*) FROM tv_user WHERE data->>'name' = 'nobody'");
	return ($writer, $holder);
}

# Everything is as before: the writer's transaction is gone, the document exact, and the same change works now.
sub unharmed
{
	my ($case, $writer, $holder) = @_;
	open_gates();
	$holder->run('COMMIT') if $holder;
	$holder->close if $holder;
	exact("$case: afterwards");
	is($node->safe_psql('postgres', q{SELECT data->>'author' FROM tv_post WHERE pk_post = 4}), 'user 1', "$case: nothing of it stays");
	is($node->safe_psql('postgres', q{SELECT data->>'title' FROM tv_post WHERE pk_post = 7}), 'other', "$case: not the other change either");
	my $again = $writer // Tviews::Session->new($node);
	is($again->run("BEGIN; UPDATE tb_user SET name = 'again' WHERE pk_user = 1; COMMIT"), '', "$case: the session goes on") if $writer;
	$again->run("BEGIN; UPDATE tb_user SET name = 'again' WHERE pk_user = 1; COMMIT") unless $writer;
	is($again->run(q{SELECT DISTINCT data->>'author' FROM tv_post WHERE fk_user = 1}), "again\n", "$case: and its next change arrives");
	exact("$case: written again");
	$again->run("UPDATE tb_user SET name = 'user 1' WHERE pk_user = 1");
	$again->close;
}

foreach my $stage ('lock', 'compute', 'write')
{
	foreach my $moment ('commit', 'read')
	{
		my $where = "$stage, at $moment";

		foreach my $timeout ([ 'statement_timeout', '57014' ], [ 'lock_timeout', '55P03' ])
		{
			# PostgreSQL ends the time of COMMIT before it commits: deferred triggers run without it, and so does the flush.
			next if $timeout->[0] eq 'statement_timeout' && $moment eq 'commit';
			my ($writer, $holder) = stuck($stage, $moment, "SET $timeout->[0] = '150ms'");
			is($writer->result, "ERROR:  $timeout->[1]\n", "$where, $timeout->[0]: the writer gets the error");
			$writer->run("ROLLBACK; RESET $timeout->[0]");
			unharmed("$where, $timeout->[0]", $writer, $holder);
		}

		my ($writer, $holder) = stuck($stage, $moment, '');
		waits($node, $writer);
		$node->safe_psql('postgres', "SELECT pg_cancel_backend($writer->{pid})");
		is($writer->result, "ERROR:  57014\n", "$where, cancelled: the writer gets the error");
		$writer->run('ROLLBACK');
		unharmed("$where, cancelled", $writer, $holder);

		($writer, $holder) = stuck($stage, $moment, '');
		waits($node, $writer);
		$node->safe_psql('postgres', "SELECT pg_terminate_backend($writer->{pid}, 10000)");
		is($writer->result, "FATAL:  57P01\nlost\n", "$where, terminated: the connection is closed");
		unharmed("$where, terminated", undef, $holder);
	}
}

SKIP:
{
	skip 'transaction_timeout came with PostgreSQL 17', 1 if $node->pg_version < 17;
	my ($writer, $holder) = stuck('compute', 'commit', "SET transaction_timeout = '300ms'");
	is($writer->result, "FATAL:  25P04\nlost\n", 'transaction_timeout at COMMIT');
	unharmed('transaction_timeout', undef, $holder);
}

# Idle in transaction after a flush: PostgreSQL ends the session, its locks go, and who has waited goes on.
my $idle = Tviews::Session->new($node);
$idle->run(q{SET idle_in_transaction_session_timeout = '1s'; BEGIN; UPDATE tb_user SET name = 'idle' WHERE pk_user = 1; SELECT count(*) FROM tv_post});
my $waiting = Tviews::Session->new($node);
is($waiting->run(q{INSERT INTO tb_post (pk_post, fk_user, title) VALUES (8, 1, 'eight')}), '', 'who waited for the idle one goes on');
like($idle->run('SELECT 1'), qr/FATAL:  25P03\nlost/, 'the idle one was ended');
is($node->safe_psql('postgres', q{SELECT data->>'author' FROM tv_post WHERE pk_post = 8}), 'user 1', 'and left nothing');
exact('idle in transaction');
$waiting->run('DELETE FROM tb_post WHERE pk_post = 8');

# Maintenance itself fails: at COMMIT the transaction is gone, inside a savepoint only what is in it.
my $session = Tviews::Session->new($node);
is($session->run(q{BEGIN; UPDATE tb_user SET name = 'error' WHERE pk_user = 1; COMMIT}), "ERROR:  22012\n", 'an error of maintenance at COMMIT');
exact('an error at COMMIT');
is($session->run(q{UPDATE tb_user SET name = 'error' WHERE pk_user = 1}), "ERROR:  22012\n", 'and at the end of a single statement');
is($session->run(q{BEGIN; UPDATE tb_post SET title = 'kept' WHERE pk_post = 2; SAVEPOINT a; UPDATE tb_user SET name = 'error' WHERE pk_user = 1;
	SELECT count(*) FROM tv_post; ROLLBACK TO a; UPDATE tb_user SET name = 'fine' WHERE pk_user = 1; SELECT data->>'author' FROM tv_post WHERE pk_post = 2; COMMIT}),
	"fine\nERROR:  22012\n", 'an error at a read, rolled back to a savepoint');
exact('an error in a savepoint');
is($session->run(q{DO $$ BEGIN UPDATE tb_user SET name = 'error' WHERE pk_user = 1; PERFORM count(*) FROM tv_post; EXCEPTION WHEN division_by_zero THEN NULL; END $$}),
	'', 'an error caught by an exception block');
exact('an error in an exception block');
$session->run("UPDATE tb_post SET title = 'post 2' WHERE pk_post = 2; UPDATE tb_user SET name = 'user 1' WHERE pk_user = 1");
$session->close;

# kill -9 of the backend in the middle: the server starts again, and everything is exact. The log of a killed server says so:
# what it may say is checked here, and the file is put aside.
foreach my $stage ('lock', 'compute', 'write')
{
	foreach my $moment ('commit', 'read')
	{
		my ($writer, $holder) = stuck($stage, $moment, '');
		waits($node, $writer);
		kill 'KILL', $writer->{pid};
		like($writer->result, qr/lost/, "$stage, at $moment, kill -9: the connection is gone");
		$_->close for grep { defined } $holder, $gate;
		$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
		exact("$stage, at $moment, kill -9");
		is($node->safe_psql('postgres', q{SELECT data->>'author' FROM tv_post WHERE pk_post = 4}), 'user 1', "$stage, at $moment, kill -9: nothing stays");
		$node->safe_psql('postgres', "UPDATE tb_user SET name = 'again' WHERE pk_user = 1; UPDATE tb_post SET fk_user = 2 WHERE pk_post = 1");
		exact("$stage, at $moment, kill -9: written again");
		$node->safe_psql('postgres', "UPDATE tb_user SET name = 'user 1' WHERE pk_user = 1; UPDATE tb_post SET fk_user = 1 WHERE pk_post = 1");
	}
}
$node->stop;
my $log = slurp_file($node->logfile);
my @killed = $log =~ /was terminated by signal (\d+)/g;
is("@killed", join(' ', (9) x 6), 'nothing ended by any other signal');
unlike($log, qr/TRAP:|PANIC|reference leak|resource was not closed/, 'and nothing else is wrong');
rename $node->logfile, $node->logfile . '.killed' or die "cannot rename the log: $!";

done_testing();
