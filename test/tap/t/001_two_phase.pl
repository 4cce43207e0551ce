# t/001_two_phase.pl - PREPARE TRANSACTION does the whole work: flushed before, locks kept, nothing to do at COMMIT PREPARED,
# from any session, before and after a crash, at every isolation level.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use PostgreSQL::Test::Utils;
use Test::More;
use Tviews;

my $node = new_node('two_phase');
$node->safe_psql('postgres', q{
	CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
	CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int REFERENCES tb_user, title text);
	CREATE INDEX ON tb_post (fk_user);
	INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 9) i;
	INSERT INTO tb_post (pk_post, fk_user, title) SELECT i, i, 'post ' || i FROM generate_series(1, 9) i;
});
$node->safe_psql('postgres', q{
	CREATE TABLE tv_user AS
	SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
});
$node->safe_psql('postgres', q{
	CREATE TABLE tv_post AS
	SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
	FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
});

sub exact { is_exact($node, $_[0], 'user', 'post'); }

sub author
{
	my ($post) = @_;
	return $node->safe_psql('postgres', "SELECT data->'author'->>'name' FROM tv_post WHERE pk_post = $post");
}

sub prepare
{
	my ($gid, $level, $sql) = @_;
	$node->safe_psql('postgres', "BEGIN ISOLATION LEVEL $level; $sql; PREPARE TRANSACTION '$gid';");
}

# A writer who needs what the prepared transaction has locked cannot pass; one who does not, can.
sub blocked
{
	my ($what, $sql) = @_;
	my ($code, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSET lock_timeout = '200ms'; $sql");
	like($err, qr/ERROR:  55P03/, "waits: $what");
}

my $insert = 'INSERT INTO tb_post (pk_post, fk_user, title) VALUES (%d, 1, $$new$$)';

foreach my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	foreach my $end ('COMMIT', 'ROLLBACK')
	{
		foreach my $crash ('no crash', 'immediate stop', 'fast stop')
		{
			my $case = "$level, $end PREPARED, $crash";
			my $old = author(1);
			my $new = "$level $end $crash";
			prepare('t', $level, "UPDATE tb_user SET name = '$new' WHERE pk_user = 1; $insert" =~ s/%d/100/r);
			is(author(1), $old, "$case: others do not see it before");
			exact("$case: prepared");
			if ($crash ne 'no crash')
			{
				$node->stop($crash eq 'fast stop' ? 'fast' : 'immediate');
				$node->start;
				exact("$case: after the restart");
			}
			blocked("$case: another post of the same user", sprintf($insert, 101));
			blocked("$case: the same document", "UPDATE tb_post SET title = title || '!' WHERE pk_post = 1");
			$node->safe_psql('postgres', "UPDATE tb_user SET name = name || '.' WHERE pk_user = 2; UPDATE tb_post SET fk_user = 3 WHERE pk_post = 4");
			pass("$case: others go on");
			$node->safe_psql('postgres', "$end PREPARED 't'");
			is(author(1), $end eq 'COMMIT' ? $new : $old, "$case: the result");
			is(author(100), $end eq 'COMMIT' ? $new : '', "$case: the new document");
			exact("$case: ended");
			$node->safe_psql('postgres', sprintf($insert, 102) . "; DELETE FROM tb_post WHERE pk_post > 99; UPDATE tb_post SET fk_user = 4 WHERE pk_post = 4");
			exact("$case: written again");
		}
	}
}

# Two prepared transactions at once, ended in the other order after a crash.
prepare('a', 'READ COMMITTED', "UPDATE tb_user SET name = 'a' WHERE pk_user = 5");
prepare('b', 'READ COMMITTED', "DELETE FROM tb_post WHERE pk_post = 6");
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "COMMIT PREPARED 'b'");
exact('the second one is committed');
$node->safe_psql('postgres', "COMMIT PREPARED 'a'");
exact('both are committed');
is(author(5), 'a', 'the rename is there');
is(author(6), '', 'the deleted one is not');

# What is rolled back to a savepoint is no part of what is prepared.
prepare('s', 'READ COMMITTED', "UPDATE tb_user SET name = 'kept' WHERE pk_user = 7; SAVEPOINT p;
	UPDATE tb_user SET name = 'dropped' WHERE pk_user = 8; SELECT count(*) FROM tv_post; ROLLBACK TO p");
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "COMMIT PREPARED 's'");
is(author(7) . ',' . author(8), 'kept,user 8', 'a savepoint rolled back before PREPARE');
exact('after a savepoint');

# PREPARE has to wait for a lock: not for ever, and the answer is "try again". Nothing is left of the transaction.
prepare('holder', 'READ COMMITTED', "UPDATE tb_user SET name = 'held' WHERE pk_user = 9");
my ($code, $out, $err) = $node->psql('postgres',
	"\\set VERBOSITY sqlstate\nSET lock_timeout = '200ms'; BEGIN; " . ($insert =~ s/%d, 1/103, 9/r) . "; PREPARE TRANSACTION 'waiter'");
like($err, qr/ERROR:  40001/, 'PREPARE that cannot get its locks');
is($node->safe_psql('postgres', "SELECT string_agg(gid, ',') FROM pg_prepared_xacts"), 'holder', 'it is not prepared');
$node->safe_psql('postgres', "COMMIT PREPARED 'holder'");
exact('after a PREPARE that failed');

# TRUNCATE, prepared, over a crash.
prepare('truncate', 'READ COMMITTED', 'TRUNCATE tb_post');
$node->stop('immediate');
$node->start;
$node->safe_psql('postgres', "ROLLBACK PREPARED 'truncate'");
exact('TRUNCATE rolled back after a crash');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM tv_post'), '>', 5, 'its rows are there');
prepare('truncate', 'READ COMMITTED', 'TRUNCATE tb_post');
$node->safe_psql('postgres', "COMMIT PREPARED 'truncate'");
exact('TRUNCATE committed');

$node->stop;
done_testing();
