-- renaming - another name or schema for tv_x: the entity, its view and what is built on it follow.
\a \t
CREATE SCHEMA renaming;
CREATE SCHEMA moved;
SET search_path = renaming, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 2) n;
INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 2, 'post ' || n FROM generate_series(1, 3) n;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name) AS data FROM tb_user u;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, u.pk_user, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
  FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
CREATE VIEW metadata AS SELECT entity, table_oid, view_oid, key_columns, explicit_key, dependencies FROM pg_tview_meta ORDER BY entity;
CREATE PROCEDURE write_both() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_user SET name = name || '.';
    UPDATE tb_post SET title = title || '.' WHERE pk_post = 1;
    INSERT INTO tb_user VALUES (9, uid(9), 'nine');
    DELETE FROM tb_user WHERE pk_user = 9;
END
$$;
ALTER TABLE tv_user RENAME TO tv_person;
TABLE metadata;
CALL write_both();
SELECT assert_exact();
SELECT pg_tviews_refresh('person'), error_of('SELECT pg_tviews_refresh(''user'')');
-- The key was found by the name of the entity among several pk_ columns: it stays the key.
ALTER TABLE tv_post RENAME TO tv_article;
TABLE metadata;
CALL write_both();
SELECT assert_exact();
SELECT pg_tviews_replace('article', 'SELECT p.pk_post, p.id, u.pk_user, p.fk_user, jsonb_build_object(''author'', u.data) AS data
  FROM tb_post p JOIN tv_person u ON u.pk_user = p.fk_user');
CALL write_both();
SELECT assert_exact();
-- Another schema, the view with it; schemas that are renamed.
ALTER TABLE tv_person SET SCHEMA moved;
TABLE metadata;
CALL write_both();
SELECT assert_exact();
SELECT pg_tviews_refresh('moved.person');
ALTER SCHEMA moved RENAME TO moved_on;
CALL write_both();
SELECT assert_exact();
-- Undone, also in a savepoint, with writes around it.
BEGIN;
CALL write_both();
ALTER TABLE tv_article RENAME TO tv_text;
CALL write_both();
SAVEPOINT s;
ALTER TABLE tv_text SET SCHEMA moved_on;
CALL write_both();
SELECT assert_exact();
SELECT entity, table_oid, view_oid FROM metadata;
ROLLBACK TO s;
CALL write_both();
SELECT assert_exact();
SELECT entity, table_oid, view_oid FROM metadata;
ROLLBACK;
CALL write_both();
SELECT assert_exact();
SELECT entity, table_oid, view_oid FROM metadata;
-- Two that change places.
BEGIN;
ALTER TABLE moved_on.tv_person SET SCHEMA renaming;
ALTER TABLE tv_person RENAME TO tv_swap;
ALTER TABLE tv_article RENAME TO tv_person;
ALTER TABLE tv_swap RENAME TO tv_article;
COMMIT;
CALL write_both();
SELECT assert_exact();
SELECT entity, table_oid, view_oid, key_columns FROM metadata;
-- Refused
ALTER TABLE tv_person RENAME TO person;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE tv_person RENAME TO tv_;
ALTER TABLE tv_person RENAME TO tv_article;
CREATE VIEW v_taken AS SELECT 1;
ALTER TABLE tv_person RENAME TO tv_taken;
CREATE VIEW moved_on.v_person AS SELECT 1;
ALTER TABLE tv_person SET SCHEMA moved_on;
ALTER VIEW v_person RENAME TO w_person;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE v_person RENAME TO w_person;
ALTER VIEW v_person SET SCHEMA moved_on;
ALTER VIEW v_person RENAME COLUMN data TO document;
SELECT assert_exact();
SELECT operation, entity, details - 'session_user' FROM pg_tview_audit_log WHERE operation = 'RENAME' ORDER BY log_id DESC LIMIT 2;
DROP TABLE tv_article, tv_person;
SELECT to_regclass('v_article'), to_regclass('v_person');
SET client_min_messages = warning;
DROP SCHEMA renaming, moved_on CASCADE;
SELECT assert_gone();
