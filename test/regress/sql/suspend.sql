-- pg_tviews_suspend() and pg_tviews_resume(): changes are not captured one by one; a full refresh makes up for it.
CREATE SCHEMA suspend;
SET search_path = suspend, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text, active boolean DEFAULT true);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int, title text);
CREATE TABLE tv_user AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name) AS data FROM tb_user u WHERE u.active;
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
  FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;

-- Rows written to a TVIEW, by statement.
CREATE TABLE written (operation text, tview text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO suspend.written VALUES (tg_op, tg_table_name);
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON tv_user FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON tv_post FOR EACH ROW EXECUTE FUNCTION note();
CREATE VIEW stale AS
SELECT entity, missing, extra, different FROM pg_tviews_verify() WHERE missing + extra + different > 0;

-- Commit does the refresh; only what differs is written.
BEGIN;
SELECT pg_tviews_suspend();
INSERT INTO tb_user (pk_user, name) SELECT i, 'user ' || i FROM generate_series(1, 100) i;
INSERT INTO tb_post (pk_post, fk_user, title) SELECT i, i % 100 + 1, 'post ' || i FROM generate_series(1, 500) i;
COMMIT;
SELECT tview, operation, count(*) FROM written GROUP BY 1, 2 ORDER BY 1, 2;
TABLE stale;
TRUNCATE written;
BEGIN;
SELECT pg_tviews_suspend('post');
UPDATE tb_user SET name = 'Alice' WHERE pk_user = 1;
UPDATE tb_user SET name = name;
DELETE FROM tb_post WHERE pk_post = 500;
COMMIT;
SELECT tview, operation, count(*) FROM written GROUP BY 1, 2 ORDER BY 1, 2;
TABLE stale;
TRUNCATE written;

-- So does resume, at once; afterwards changes are captured one by one again.
BEGIN;
SELECT pg_tviews_suspend('tv_post');
UPDATE tb_post SET title = 'first' WHERE pk_post = 1;
SELECT pg_tviews_resume('post');
SELECT tview, operation, count(*) FROM written GROUP BY 1, 2 ORDER BY 1, 2;
SELECT data FROM tv_post WHERE pk_post = 1;
UPDATE tb_post SET title = 'second' WHERE pk_post = 2;
SELECT tview, operation, count(*) FROM written GROUP BY 1, 2 ORDER BY 1, 2;
COMMIT;
SELECT tview, operation, count(*) FROM written GROUP BY 1, 2 ORDER BY 1, 2;
TABLE stale;
TRUNCATE written;

-- A read sees what has been written all the same, of TVIEWs on a suspended one too.
BEGIN;
SELECT pg_tviews_suspend('user');
UPDATE tb_user SET name = 'Alicia' WHERE pk_user = 1;
SELECT data FROM tv_post WHERE fk_user = 1 ORDER BY pk_post LIMIT 1;
UPDATE tb_user SET active = false WHERE pk_user = 1;
SELECT count(*) FROM tv_post WHERE fk_user = 1;
UPDATE tb_user SET active = true WHERE pk_user = 1;
COMMIT;
SELECT count(*) FROM tv_post WHERE fk_user = 1;
TABLE stale;

-- REPEATABLE READ.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_tviews_suspend();
UPDATE tb_user SET name = 'Alison' WHERE pk_user = 1;
SELECT data FROM tv_post WHERE fk_user = 1 ORDER BY pk_post LIMIT 1;
SELECT pg_tviews_resume();
UPDATE tb_user SET name = 'Alice' WHERE pk_user = 1;
COMMIT;
TABLE stale;

-- Savepoints: the suspension, its end, and the changes come and go with them.
TRUNCATE written;
BEGIN;
SAVEPOINT a;
SELECT pg_tviews_suspend();
UPDATE tb_post SET title = 'gone' WHERE pk_post = 1;
ROLLBACK TO a;
UPDATE tb_post SET title = 'third' WHERE pk_post = 3;
SAVEPOINT b;
SELECT pg_tviews_suspend();
RELEASE b;
UPDATE tb_post SET title = 'fourth' WHERE pk_post = 4;
SAVEPOINT c;
SELECT pg_tviews_resume();
UPDATE tb_post SET title = 'gone' WHERE pk_post = 5;
ROLLBACK TO c;
UPDATE tb_post SET title = 'sixth' WHERE pk_post = 6;
COMMIT;
SELECT pk_post, data ->> 'title' AS title FROM tv_post WHERE pk_post <= 6 ORDER BY pk_post;
SELECT tview, operation, count(*) FROM written GROUP BY 1, 2 ORDER BY 1, 2;
TABLE stale;

-- A change that does not matter means no refresh: an error in the definition would show.
CREATE TABLE tb_ratio (pk_ratio int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), part int, whole int, note text);
INSERT INTO tb_ratio VALUES (1, gen_random_uuid(), 1, 2), (2, gen_random_uuid(), 1, 4);
CREATE TABLE tv_ratio AS SELECT pk_ratio, id, jsonb_build_object('ratio', part / whole) AS data FROM tb_ratio;
SET session_replication_role = replica;
UPDATE tb_ratio SET whole = 0 WHERE pk_ratio = 1;
RESET session_replication_role;
BEGIN;
SELECT pg_tviews_suspend('ratio');
UPDATE tb_ratio SET note = 'irrelevant' WHERE pk_ratio = 2;
COMMIT;
BEGIN;
SELECT pg_tviews_suspend('ratio');
UPDATE tb_ratio SET part = 3 WHERE pk_ratio = 2;
COMMIT;

UPDATE tb_ratio SET whole = 2 WHERE pk_ratio = 1;

-- Dropped, created and replaced meanwhile.
BEGIN;
SELECT pg_tviews_suspend();
UPDATE tb_ratio SET part = 3 WHERE pk_ratio = 2;
DROP TABLE tv_ratio;
CREATE TABLE tv_ratio AS SELECT pk_ratio, id, jsonb_build_object('part', part) AS data FROM tb_ratio;
UPDATE tb_ratio SET part = 4 WHERE pk_ratio = 2;
UPDATE tb_post SET title = 'replaced' WHERE pk_post = 1;
SELECT pg_tviews_replace('post', 'SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object(''t'', p.title) AS data FROM tb_post p');
UPDATE tb_post SET title = 'after' WHERE pk_post = 2;
COMMIT;
SELECT pk_post, data FROM tv_post WHERE pk_post <= 2 ORDER BY pk_post;
TABLE stale;

-- Deferred triggers that fire after the refresh are maintained as usual.
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE suspend.tb_post SET title = title || '!' WHERE pk_post = new.pk_post AND title NOT LIKE '%!';
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stamp AFTER UPDATE ON tb_post DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stamp();
BEGIN;
SELECT pg_tviews_suspend();
UPDATE tb_post SET title = 'stamped' WHERE pk_post = 7;
COMMIT;
SELECT data FROM tv_post WHERE pk_post = 7;
TABLE stale;

-- Nothing to suspend, nothing to resume, mistakes.
SELECT pg_tviews_resume();
SELECT pg_tviews_resume('post');
SELECT pg_tviews_suspend('nobody');
SELECT pg_tviews_resume('nobody');
SELECT pg_tviews_suspend('tb_post');

SET client_min_messages = warning;
DROP SCHEMA suspend CASCADE;
