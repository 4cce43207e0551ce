-- removal - however a part of a TVIEW goes, all of it goes, and the base tables stay writable.
\a \t
CREATE SCHEMA removal;
SET search_path = removal, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL UNIQUE, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_user int, title text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 2) n;
INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 2, 'post ' || n FROM generate_series(1, 3) n;
CREATE PROCEDURE make_both() LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name) AS data FROM tb_user u;
    CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
      FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
END
$$;
CREATE PROCEDURE write_both() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_user SET name = name || '.';
    UPDATE tb_post SET title = title || '.';
    INSERT INTO tb_user VALUES (9, uid(9), 'nine');
    DELETE FROM tb_user WHERE pk_user = 9;
END
$$;

-- DROP TABLE
CALL make_both();
DROP TABLE tv_user;
SELECT assert_exact();
DROP TABLE tv_post;
CALL write_both();
SELECT assert_exact();
SELECT tgrelid::regclass FROM pg_trigger WHERE tgname LIKE 'tview%' AND tgrelid = 'tb_post'::regclass;
DROP TABLE tv_user;
SELECT assert_gone();
CALL write_both();
DROP TABLE IF EXISTS tv_user;
DROP TABLE tv_user;
-- The TVIEW below with those above it.
CALL make_both();
DROP TABLE tv_user CASCADE;
SELECT assert_gone();
CALL write_both();
CALL make_both();
DROP TABLE IF EXISTS tv_post, tv_user, tv_nothing;
SELECT assert_gone();

-- DROP VIEW is refused alone; with CASCADE it takes the TVIEW along.
CALL make_both();
DROP VIEW v_post;
\echo :LAST_ERROR_SQLSTATE
DROP VIEW v_user;
CALL write_both();
SELECT assert_exact();
DROP VIEW v_post CASCADE;
CALL write_both();
SELECT assert_exact();
DROP VIEW v_user CASCADE;
SELECT assert_gone();
CALL write_both();

-- A base table
CALL make_both();
DROP TABLE tb_user;
ALTER TABLE tb_user DROP COLUMN name;
SELECT assert_exact();
BEGIN;
DROP TABLE tb_user CASCADE;
SELECT assert_gone();
ROLLBACK;
CALL write_both();
SELECT assert_exact();
BEGIN;
ALTER TABLE tb_post DROP COLUMN title CASCADE;
SELECT to_regclass('tv_post'), to_regclass('v_post'), assert_exact();
UPDATE tb_post SET fk_user = 1;
ROLLBACK;
SELECT assert_exact();
DROP TABLE tb_post CASCADE;
SELECT assert_exact();
UPDATE tb_user SET name = 'still writable';
SELECT assert_exact();
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_user int, title text);
INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 2, 'post ' || n FROM generate_series(1, 3) n;

-- pg_tviews_drop()
SELECT pg_tviews_drop('user');
SELECT pg_tviews_drop('user');
\echo :LAST_ERROR_SQLSTATE
SELECT pg_tviews_drop('user', if_exists => true) IS NULL;
CALL make_both();
SELECT pg_tviews_drop('removal.tv_user');
SELECT pg_tviews_drop('removal.tv_user', cascade => true);
SELECT assert_gone();
CALL write_both();

-- In a transaction with writes before and after, undone and not.
CALL make_both();
BEGIN;
CALL write_both();
DROP TABLE tv_post;
CALL write_both();
SELECT assert_exact();
ROLLBACK;
SELECT assert_exact();
BEGIN;
CALL write_both();
SAVEPOINT s;
DROP TABLE tv_user CASCADE;
CALL write_both();
ROLLBACK TO s;
SELECT assert_exact();
CALL write_both();
COMMIT;
SELECT assert_exact();
BEGIN;
CALL write_both();
DROP TABLE tv_user, tv_post;
CALL write_both();
COMMIT;
SELECT assert_gone();
-- Dropped and made again in one transaction.
CALL make_both();
BEGIN;
UPDATE tb_user SET name = 'one';
DROP TABLE tv_user CASCADE;
UPDATE tb_user SET name = 'two';
CALL make_both();
UPDATE tb_user SET name = 'three';
COMMIT;
SELECT assert_exact();
SELECT DISTINCT data->'author'->>'name' FROM tv_post;

-- As after a restore, which does not bring the views' dependency on the tables.
BEGIN;
DELETE FROM pg_depend WHERE refobjid IN ('tv_user'::regclass, 'tv_post'::regclass) AND objid IN ('v_user'::regclass, 'v_post'::regclass) AND deptype = 'a';
DROP TABLE tv_user, tv_post;
SELECT assert_gone();
ROLLBACK;
DROP TABLE tv_user, tv_post;
CALL write_both();
CALL make_both();

-- Dependents of other kinds
CREATE VIEW reader AS SELECT * FROM tv_post;
DROP TABLE tv_post;
SELECT error_of('SELECT pg_tviews_drop(''post'')');
SELECT assert_exact();
DROP TABLE tv_post CASCADE;
SELECT to_regclass('reader');
DROP TABLE tv_user;

-- ... on the view
CALL make_both();
CREATE VIEW reader AS SELECT * FROM v_post;
DROP TABLE tv_post;
DROP TABLE tv_user, tv_post;
DROP VIEW reader;
-- All at once: base tables, TVIEWs, in any order; also after the definition was replaced.
SELECT pg_tviews_replace('post', 'SELECT p.pk_post, u.data AS author, p.id, p.fk_user, to_jsonb(p) AS data FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user');
CALL write_both();
SELECT assert_exact();
BEGIN;
DROP TABLE tb_post, tv_post, tv_user, tb_user;
SELECT assert_gone();
ROLLBACK;
DROP TABLE tv_user, tv_post;
SELECT assert_gone();

-- A schema, with the base tables in it or elsewhere
CREATE SCHEMA readmodel;
CREATE TABLE readmodel.tv_user AS SELECT u.pk_user, u.id, to_jsonb(u) AS data FROM tb_user u;
DROP SCHEMA readmodel;
DROP SCHEMA readmodel CASCADE;
SELECT assert_gone();
CALL write_both();
-- What belongs to a role
CREATE ROLE regress_owner;
CREATE SCHEMA readmodel AUTHORIZATION regress_owner;
GRANT USAGE ON SCHEMA removal TO regress_owner;
GRANT SELECT, TRIGGER ON tb_user TO regress_owner;
SET ROLE regress_owner;
CREATE TABLE readmodel.tv_user AS SELECT u.pk_user, u.id, to_jsonb(u) AS data FROM removal.tb_user u;
RESET ROLE;
SELECT assert_exact();
DROP OWNED BY regress_owner CASCADE;
DROP ROLE regress_owner;
SELECT assert_gone();
CALL write_both();

-- The extension itself: TVIEWs stay as plain tables and views, the base tables writable.
CALL make_both();
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION pg_tviews CASCADE;
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'tview%' AND NOT tgisinternal;
CALL write_both();
ROLLBACK;
CALL write_both();
SELECT assert_exact();

SET client_min_messages = warning;
DROP SCHEMA removal CASCADE;
SELECT assert_gone();
