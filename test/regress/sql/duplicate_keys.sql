-- duplicate_keys - a key that the definition returns twice fails the write, or the creation, naming TVIEW and key.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA duplicate_keys;
SET search_path = duplicate_keys, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_email (fk_user int, email text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_email SELECT n, 'mail ' || n FROM generate_series(1, 2) n;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'email', e.email) AS data FROM tb_user u LEFT JOIN tb_email e ON e.fk_user = u.pk_user;
INSERT INTO tb_email VALUES (1, 'another');
\echo :LAST_ERROR_SQLSTATE
SELECT assert_exact();
INSERT INTO tb_email VALUES (3, 'first'), (3, 'second');
UPDATE tb_email SET fk_user = 1;
SELECT assert_exact(), (SELECT count(*) FROM tb_email);
-- twice for a moment is no harm
BEGIN;
INSERT INTO tb_email VALUES (1, 'another');
DELETE FROM tb_email WHERE email = 'mail 1';
COMMIT;
SELECT assert_exact();
BEGIN;
INSERT INTO tb_email VALUES (1, 'one too many');
SAVEPOINT s;
SELECT count(*) FROM tv_user;
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
DELETE FROM tb_email WHERE email = 'one too many';
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
BEGIN;
INSERT INTO tb_email VALUES (2, 'one too many');
COMMIT;
SELECT assert_exact();
DO $$ BEGIN INSERT INTO tb_email VALUES (1, 'x'); PERFORM pg_tviews_flush(); EXCEPTION WHEN SQLSTATE 'TV204' THEN RAISE NOTICE 'caught: %', SQLERRM; END $$;
SELECT assert_exact();
-- by UNION ALL, with a full refresh, at creation, with a composite key
CREATE TABLE tb_other (pk_user int, id uuid, name text);
CREATE TABLE tv_both AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user UNION ALL SELECT pk_user, id, to_jsonb(name) FROM tb_other;
INSERT INTO tb_other VALUES (3, uid(3), 'the same');
INSERT INTO tb_other VALUES (4, uid(4), 'twice'), (4, uid(4), 'twice');
INSERT INTO tb_other VALUES (4, uid(4), 'once');
SELECT assert_exact();
UPDATE tb_user SET pk_user = 4 WHERE pk_user = 3;
SELECT assert_exact();
DROP TABLE tv_both;
CREATE TABLE tv_cross AS SELECT u.pk_user, u.id, to_jsonb(o.name) AS data FROM tb_user u CROSS JOIN tb_other o;
INSERT INTO tb_other VALUES (5, uid(5), 'five');
SELECT assert_exact();
DROP TABLE tv_cross;
INSERT INTO tb_other VALUES (5, uid(5), 'five');
CREATE TABLE tv_cross AS SELECT u.pk_user, u.id, to_jsonb(o.name) AS data FROM tb_user u CROSS JOIN tb_other o;
\echo :LAST_ERROR_SQLSTATE
SELECT to_regclass('tv_cross'), to_regclass('v_cross');
SELECT pg_tviews_create('pair', 'SELECT fk_user, email FROM tb_email', key_columns => '{fk_user,email}');
INSERT INTO tb_email VALUES (2, 'mail 2');
INSERT INTO tb_email VALUES (9, 'a'), (9, 'b'), (9, 'a');
SELECT assert_exact();
-- other users' unique indexes on a TVIEW are respected as well
CREATE UNIQUE INDEX unique_name ON tv_user ((data->>'name'));
UPDATE tb_user SET name = 'user 2' WHERE pk_user = 1;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA duplicate_keys CASCADE;
SELECT assert_gone();
