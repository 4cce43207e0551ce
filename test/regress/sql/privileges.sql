-- privileges - writers need rights on the tables they write and nothing else; maintenance runs as the TVIEW's owner.
\a \t
\set SHOW_CONTEXT never
CREATE ROLE regress_owner;
CREATE ROLE regress_writer;
CREATE ROLE regress_reader;
CREATE ROLE regress_nobody;
CREATE SCHEMA privileges AUTHORIZATION regress_owner;
CREATE SCHEMA hidden AUTHORIZATION regress_owner;
CREATE SCHEMA evil AUTHORIZATION regress_writer;
GRANT USAGE ON SCHEMA privileges TO regress_writer, regress_reader, regress_nobody;
SET ROLE regress_owner;
SET search_path = privileges, hidden, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, secret text);
CREATE TABLE hidden.tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, 'secret ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(1, 6) n;
CREATE TABLE hidden.tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', u.name, 'who', 'u' || lower(u.name)) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', (SELECT count(*) FROM tb_post p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;
GRANT INSERT, UPDATE (name), DELETE, SELECT (pk_user) ON tb_user TO regress_writer;
GRANT SELECT ON tv_user TO regress_reader;
SELECT assert_exact();
RESET ROLE;
-- the writer: no USAGE on the other schema, no rights on TVIEWs, an empty search_path, objects with inviting names in the way
SET ROLE regress_writer;
SET search_path = '';
UPDATE privileges.tb_user SET name = 'written' WHERE pk_user = 1;
INSERT INTO privileges.tb_user VALUES (4, '00000000-0000-0000-0000-000000000004', 'four', NULL);
DELETE FROM privileges.tb_user WHERE pk_user = 4;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called as %', current_user; END $$;
CREATE FUNCTION evil.jsonb_build_object(text, text, text, text, text, text) RETURNS jsonb LANGUAGE sql AS 'SELECT ''{}''::jsonb';
CREATE OPERATOR evil.= (FUNCTION = pg_catalog.int4ne, LEFTARG = int, RIGHTARG = int);
SET search_path = evil, pg_catalog;
CREATE TEMP TABLE tb_user (pk_user int, id uuid, name text);
CREATE TEMP TABLE tv_post (pk_post int);
UPDATE privileges.tb_user SET name = 'with evil' WHERE pg_catalog.int4eq(pk_user, 2);
RESET search_path;
-- reading is another right
SELECT count(*) FROM privileges.tv_user;
SELECT * FROM pg_tviews_verify('privileges.tv_user');
SELECT pg_tviews_refresh('privileges.tv_user');
SELECT pg_tviews_drop('privileges.tv_user');
DROP TABLE privileges.tv_user;
UPDATE privileges.tb_user SET secret = 'x';
RESET ROLE;
DROP TABLE pg_temp.tb_user, pg_temp.tv_post;
SET search_path = privileges, hidden, public;
SELECT assert_exact();
SELECT pk_user, data FROM tv_user ORDER BY 1;
-- the reader reads, writes of its transaction by others are not its business
SET ROLE regress_reader;
SELECT pk_user FROM privileges.tv_user WHERE data->>'name' = 'with evil';
SELECT entity, missing, extra, different FROM pg_tviews_verify();
UPDATE privileges.tv_user SET data = '{}';
RESET ROLE;
-- SET ROLE in mid-transaction, SECURITY DEFINER, SECURITY INVOKER
BEGIN;
UPDATE tb_user SET name = 'by the superuser' WHERE pk_user = 1;
SET LOCAL ROLE regress_writer;
UPDATE privileges.tb_user SET name = 'by the writer' WHERE pk_user = 2;
SET LOCAL ROLE regress_nobody;
COMMIT;
SELECT assert_exact();
CREATE FUNCTION rename(text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$ UPDATE privileges.tb_user SET name = $1 WHERE pk_user = 3 $$;
ALTER FUNCTION rename(text) OWNER TO regress_owner;
SET ROLE regress_nobody;
SELECT privileges.rename('by a definer');
UPDATE privileges.tb_user SET name = 'denied';
RESET ROLE;
SELECT assert_exact();
BEGIN;
SET LOCAL SESSION AUTHORIZATION regress_writer;
UPDATE privileges.tb_user SET name = 'session' WHERE pk_user = 3;
COMMIT;
SELECT assert_exact();
SELECT current_user = session_user AS same, current_setting('search_path');
-- functions of the definition run as the owner, in a restricted context
SET ROLE regress_owner;
CREATE FUNCTION whoami(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 || ' by ' || current_user; END $$;
REVOKE EXECUTE ON FUNCTION whoami(text) FROM PUBLIC;
CREATE TABLE tv_who AS SELECT pk_user, id, to_jsonb(privileges.whoami(name)) AS data FROM tb_user;
RESET ROLE;
SET ROLE regress_writer;
UPDATE privileges.tb_user SET name = 'me' WHERE pk_user = 1;
RESET ROLE;
SELECT data FROM tv_who WHERE pk_user = 1;
SELECT assert_exact('tv_user', 'tv_post');
DROP TABLE tv_who;
-- the owner who lost the right to read: the write fails and says why, nothing becomes stale
ALTER TABLE tb_post OWNER TO regress_reader;
REVOKE ALL ON tb_post FROM regress_owner;
SET ROLE regress_writer;
UPDATE privileges.tb_user SET name = 'cannot be followed' WHERE pk_user = 1;
RESET ROLE;
SELECT name FROM tb_user WHERE pk_user = 1;
GRANT SELECT ON tb_post TO regress_owner;
SET ROLE regress_writer;
UPDATE privileges.tb_user SET name = 'can again' WHERE pk_user = 1;
RESET ROLE;
SELECT assert_exact();
-- making one takes the right to create tables there, and to read the sources
SET ROLE regress_nobody;
CREATE TABLE privileges.tv_mine AS SELECT pk_user, id, '{}'::jsonb AS data FROM privileges.tb_user;
RESET ROLE;
GRANT CREATE ON SCHEMA privileges TO regress_nobody;
SET ROLE regress_nobody;
CREATE TABLE privileges.tv_mine AS SELECT pk_user, id, '{}'::jsonb AS data FROM privileges.tb_user;
RESET ROLE;
GRANT SELECT, TRIGGER ON tb_user TO regress_nobody;
SET ROLE regress_nobody;
CREATE TABLE privileges.tv_mine AS SELECT pk_user, id, to_jsonb(name) AS data FROM privileges.tb_user;
RESET ROLE;
SELECT table_oid, c.relowner::regrole AS owner_of_view, t.relowner::regrole AS owner_of_table FROM pg_tview_meta
  JOIN pg_class c ON c.oid = view_oid JOIN pg_class t ON t.oid = table_oid ORDER BY table_oid::text COLLATE "C";
SET ROLE regress_writer;
UPDATE privileges.tb_user SET name = 'for three' WHERE pk_user = 2;
RESET ROLE;
SELECT assert_exact();
DROP TABLE tv_mine;
-- row-level security: it does not bind the owner of the table, who owns the TVIEWs as well
ALTER TABLE tb_user ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON tb_user USING (pk_user > 1);
CREATE POLICY writing ON tb_user FOR UPDATE TO regress_writer USING (true);
SET ROLE regress_writer;
UPDATE privileges.tb_user SET name = 'secured ' || pk_user;
RESET ROLE;
SELECT pk_user, data->>'name' FROM tv_user ORDER BY 1;
SELECT assert_exact();
-- whom a policy binds cannot have a TVIEW on the table: it would miss rows
SET ROLE regress_nobody;
CREATE TABLE privileges.tv_mine AS SELECT pk_user, id, to_jsonb(name) AS data FROM privileges.tb_user;
RESET ROLE;
SELECT to_regclass('tv_mine');
-- internal functions are nobody's business
SET ROLE regress_nobody;
SELECT pg_tviews_internal_capture();
INSERT INTO pg_tview_meta SELECT * FROM pg_tview_meta;
DELETE FROM pg_tview_meta;
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA privileges, hidden, evil CASCADE;
SELECT assert_gone();
DROP ROLE regress_owner, regress_writer, regress_reader, regress_nobody;
