-- pg_tviews_flush_and_report(): the documents that a transaction has changed.
CREATE SCHEMA report;
SET search_path = report, public;
CREATE FUNCTION uid(int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT lpad($1::text, 32, '0')::uuid $$;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
INSERT INTO tb_user SELECT i, uid(i), 'user ' || i FROM generate_series(1, 3) i;
INSERT INTO tb_post SELECT i, uid(100 + i), 1 + i % 3, 'post ' || i FROM generate_series(1, 6) i;
CREATE TABLE tv_post AS SELECT pk_post, id, fk_user, to_jsonb(title) AS data FROM tb_post;
CREATE TABLE tv_user AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name,
         'posts', (SELECT jsonb_agg(p.data ORDER BY p.pk_post) FROM tv_post p WHERE p.fk_user = u.pk_user)) AS data
  FROM tb_user u;
SELECT pg_tviews_create('count', 'SELECT fk_user, title, count(*) AS posts FROM tb_post GROUP BY fk_user, title',
                        key_columns => '{fk_user,title}');

-- Nothing yet; then everything that follows from a statement.
SELECT pg_tviews_flush_and_report();
BEGIN;
UPDATE tb_post SET title = 'new title' WHERE pk_post = 1;
SELECT jsonb_pretty(pg_tviews_flush_and_report());
SELECT pg_tviews_flush_and_report(include_data => false);
COMMIT;
SELECT pg_tviews_flush_and_report();

-- What a read has flushed before is in it. Inserted and deleted again: nothing has happened.
BEGIN;
INSERT INTO tb_user VALUES (4, uid(4), 'user 4'), (5, uid(5), 'user 5');
SELECT count(*) FROM tv_user;
UPDATE tb_user SET name = 'four' WHERE pk_user = 4;
DELETE FROM tb_user WHERE pk_user = 5;
DELETE FROM tb_user WHERE pk_user = 2;
SELECT pg_tviews_flush_and_report();
-- Deleted and inserted again, with another id: updated.
INSERT INTO tb_user VALUES (2, uid(22), 'two');
SELECT pg_tviews_flush_and_report(include_data => NULL);
COMMIT;

-- Savepoints.
BEGIN;
SAVEPOINT a;
UPDATE tb_user SET name = 'gone' WHERE pk_user = 1;
SELECT jsonb_array_length(pg_tviews_flush_and_report() -> 'updated') AS updated;
ROLLBACK TO a;
UPDATE tb_user SET name = 'third' WHERE pk_user = 3;
SELECT pg_tviews_flush_and_report(include_data => false);
COMMIT;

-- The limit; an update without effect; a refresh on request; a suspended TVIEW.
BEGIN;
UPDATE tb_user SET name = name || '!';
SELECT pg_tviews_flush_and_report(2, false);
SELECT pg_tviews_flush_and_report(0);
SELECT pg_tviews_flush_and_report(4, false) -> 'truncated' AS truncated;
ROLLBACK;
BEGIN;
UPDATE tb_user SET name = name;
SELECT pg_tviews_flush_and_report();
COMMIT;
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE tb_post SET title = 'unnoticed' WHERE pk_post = 6;
RESET session_replication_role;
SELECT pg_tviews_refresh('post');
SELECT pg_tviews_flush_and_report();
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_tviews_suspend();
DELETE FROM tb_post WHERE pk_post = 6;
SELECT pg_tviews_flush_and_report(include_data => false);
COMMIT;
BEGIN;
INSERT INTO tb_user SELECT i, uid(i), 'many' FROM generate_series(1001, 12000) i;
SELECT jsonb_array_length(r -> 'updated') AS updated, r -> 'truncated' AS truncated
  FROM pg_tviews_flush_and_report(20000, false) r;
ROLLBACK;

-- Nobody sees more in it than in the TVIEW.
CREATE ROLE regress_report;
GRANT USAGE ON SCHEMA report TO regress_report;
GRANT ALL ON tb_post, tb_user TO regress_report;
GRANT SELECT ON tv_user TO regress_report;
SET client_min_messages = error;
ALTER TABLE tv_user ENABLE ROW LEVEL SECURITY;
RESET client_min_messages;
CREATE POLICY p ON tv_user TO regress_report USING (pk_user <> 2);
SET ROLE regress_report;
BEGIN;
DELETE FROM tb_post WHERE pk_post = 5;
DELETE FROM tb_user WHERE pk_user = 3;
UPDATE tb_user SET name = 'x' WHERE pk_user IN (1, 2);
SELECT pg_tviews_flush_and_report();
COMMIT;
RESET ROLE;

SELECT pg_tviews_flush_and_report(NULL);
SELECT pg_tviews_flush_and_report(-1);
SELECT entity, missing, extra, different FROM pg_tviews_verify();
SET client_min_messages = warning;
DROP SCHEMA report CASCADE;
DROP ROLE regress_report;
