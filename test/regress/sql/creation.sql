-- creation - every way of making a TVIEW, and what is made.
\a \t
CREATE SCHEMA creation;
SET search_path = creation, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL UNIQUE, identifier text, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_user int REFERENCES tb_user, title text);
INSERT INTO tb_user SELECT n, uid(n), 'u' || n, 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 3, 'post ' || n FROM generate_series(1, 5) n;

-- CREATE TABLE AS
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, p.fk_user, u.id AS user_id,
       jsonb_build_object('title', p.title, 'author', jsonb_build_object('name', u.name)) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
SELECT * FROM tv_post ORDER BY pk_post;
SELECT c.relname, c.relkind, c.reloptions FROM pg_class c
 WHERE c.relnamespace = 'creation'::regnamespace AND c.relname IN ('tv_post', 'v_post') ORDER BY c.relname;
SELECT i.indisprimary, i.indisunique,
       (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(i.indkey) WITH ORDINALITY k (attnum, n)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum)
  FROM pg_index i WHERE i.indrelid = 'tv_post'::regclass ORDER BY 1 DESC, 3;
SELECT entity, table_oid, view_oid, dependencies, dependency_types, fk_columns, uuid_fk_columns, key_columns
  FROM pg_tview_meta;
UPDATE tb_user SET name = 'renamed' WHERE pk_user = 2;
SELECT assert_exact('tv_post');

-- IF NOT EXISTS: once it is there it stays as it is, like any table.
CREATE TABLE IF NOT EXISTS tv_post AS SELECT 1 AS pk_post;
CREATE TABLE tv_post AS SELECT pk_post, id, '{}'::jsonb AS data FROM tb_post;
SELECT count(*), count(data->'author') FROM tv_post;
CREATE TABLE IF NOT EXISTS tv_user AS SELECT pk_user, id, identifier, jsonb_build_object('name', name) AS data FROM tb_user;
CREATE TABLE IF NOT EXISTS tv_user AS SELECT pk_user, id, identifier, jsonb_build_object('name', name) AS data FROM tb_user;
INSERT INTO tb_user VALUES (4, uid(4), 'u4', 'four');
SELECT assert_exact();
DROP TABLE tv_user;

-- SELECT INTO
SELECT pk_user, id, jsonb_build_object('name', name) AS data INTO tv_user FROM tb_user;
DELETE FROM tb_user WHERE pk_user = 4;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;
SELECT pk_user, id, jsonb_build_object('name', name) AS data INTO TABLE creation.tv_user FROM tb_user WHERE pk_user > 1;
UPDATE tb_user SET name = 'two' WHERE pk_user = 2;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;

-- Columns renamed in the statement, WITH NO DATA, WITH options, a storage option of one's own.
CREATE TABLE tv_user (pk_user, id, data, shouted) WITH (fillfactor = 70, autovacuum_enabled = false) AS
SELECT u.pk_user, u.id, to_jsonb(u), upper(u.name) FROM tb_user u WITH NO DATA;
SELECT pk_user, shouted, data->>'name' FROM tv_user ORDER BY pk_user;
SELECT reloptions FROM pg_class WHERE oid = 'tv_user'::regclass;
UPDATE tb_user SET name = 'zwei' WHERE pk_user = 2;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;
CREATE UNLOGGED TABLE tv_user AS SELECT u.pk_user, u.id, to_jsonb(u) AS data FROM tb_user u;
SELECT relpersistence FROM pg_class WHERE oid = 'tv_user'::regclass;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;

-- TABLE, WITH: any query that is a SELECT.
CREATE VIEW user_documents AS SELECT u.pk_user, u.id, to_jsonb(u) AS data FROM tb_user u;
CREATE TABLE tv_user AS TABLE user_documents;
UPDATE tb_user SET name = 'drei' WHERE pk_user = 3;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;
CREATE TABLE tv_user AS WITH d AS (SELECT * FROM user_documents) SELECT * FROM d;
UPDATE tb_user SET name = 'three' WHERE pk_user = 3;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;
DROP VIEW user_documents;

-- DO block, function, dynamic SQL, several statements in one string.
DO $$
BEGIN
    CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u;
    UPDATE tb_user SET name = 'in the same block' WHERE pk_user = 1;
END
$$;
SELECT assert_exact('tv_user'), (SELECT data->>'name' FROM tv_user WHERE pk_user = 1);
DROP TABLE tv_user;
CREATE FUNCTION make(entity text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u', 'tv_' || entity);
END
$$;
SELECT make('user');
UPDATE tb_user SET name = 'by a function' WHERE pk_user = 1;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;
CREATE FUNCTION make_sql() RETURNS void LANGUAGE sql AS
    'CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u';
SELECT make_sql();
SELECT assert_exact('tv_user');
DROP TABLE tv_user;
DROP FUNCTION make(text), make_sql();
CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u\; UPDATE tb_user SET name = 'one string' WHERE pk_user = 1\; SELECT data->>'name' FROM tv_user WHERE pk_user = 1;
SELECT assert_exact('tv_user');
DROP TABLE tv_user;

-- In a transaction: rolled back whole, in parts, and committed with writes around it.
BEGIN;
UPDATE tb_user SET name = 'before' WHERE pk_user = 1;
CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u;
UPDATE tb_user SET name = 'after' WHERE pk_user = 2;
SELECT assert_exact('tv_user');
ROLLBACK;
SELECT to_regclass('tv_user'), to_regclass('v_user'), count(*) FROM pg_tview_meta;
BEGIN;
SAVEPOINT s;
CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u;
UPDATE tb_user SET name = 'undone' WHERE pk_user = 1;
ROLLBACK TO s;
UPDATE tb_user SET name = 'kept' WHERE pk_user = 1;
CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u;
UPDATE tb_user SET name = 'kept as well' WHERE pk_user = 2;
COMMIT;
SELECT assert_exact('tv_user');
SELECT pk_user, data->>'name' FROM tv_user ORDER BY 1;
DROP TABLE tv_user;

-- Other schemas; two of the same name.
CREATE SCHEMA app;
CREATE TABLE app.tv_post AS SELECT p.pk_post, p.id, to_jsonb(p) AS data FROM tb_post p;
SELECT entity, table_oid, view_oid FROM pg_tview_meta ORDER BY table_oid::text COLLATE "C";
UPDATE tb_post SET title = 'for both' WHERE pk_post = 1;
SELECT assert_exact();
DROP TABLE app.tv_post;
SELECT assert_exact();
SET search_path = app, creation, public;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, to_jsonb(u) AS data FROM tb_user u;
SET search_path = creation, public;
UPDATE tb_user SET name = 'another path' WHERE pk_user = 1;
SELECT assert_exact('app.tv_user');
DROP TABLE app.tv_user;

-- pg_tviews_create()
SELECT pg_tviews_create('user', 'SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u');
SELECT pg_tviews_create('tv_user', 'SELECT 1', if_not_exists => true);
SELECT pg_tviews_create('app.tv_user', ' SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u ; -- done');
UPDATE tb_user SET name = 'by call' WHERE pk_user = 1;
SELECT assert_exact();
DROP TABLE tv_user, app.tv_user;
SELECT pg_tviews_create('user', 'SELECT identifier, name FROM tb_user', key_columns => '{identifier}');
SELECT pg_tviews_create('post_of_user', 'SELECT fk_user, pk_post AS post, title FROM tb_post',
                        key_columns => ARRAY['fk_user', 'post'],
                        options => '{"fillfactor": 50, "unlogged": true, "indexes": false}');
SELECT relpersistence, reloptions, (SELECT count(*) FROM pg_index WHERE indrelid = c.oid) AS indexes
  FROM pg_class c WHERE oid = 'tv_post_of_user'::regclass;
SELECT pg_tviews_create('document', 'SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u',
                        '{"data_gin_index": true}'::jsonb);
SELECT am.amname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am am ON am.oid = c.relam
 WHERE i.indrelid = 'tv_document'::regclass ORDER BY 1;
SELECT entity, key_columns FROM pg_tview_meta ORDER BY entity;
UPDATE tb_user SET identifier = identifier || '!' WHERE pk_user < 3;
UPDATE tb_post SET fk_user = 3 WHERE pk_post < 3;
SELECT assert_exact();
DROP TABLE tv_user, tv_post_of_user, tv_document;

-- pg_tviews_ddl()
SELECT * FROM pg_tviews_ddl($$
    -- two of them; the semicolon in ';' is data
    CREATE TVIEW user AS SELECT pk_user, id, to_jsonb(u) AS data, ';'::text AS mark FROM tb_user u;
    CREATE TVIEW IF NOT EXISTS app.tv_post AS SELECT pk_post, id, to_jsonb(p) AS data FROM tb_post p;
    CREATE TVIEW IF NOT EXISTS user AS SELECT 1;
    REFRESH TVIEW user; $$);
UPDATE tb_user SET name = 'by script' WHERE pk_user = 1;
SELECT assert_exact();
SELECT * FROM pg_tviews_ddl('CREATE OR REPLACE TVIEW user AS
    SELECT pk_user, id, jsonb_build_object($$n$$, name) AS data, $x$;$x$::text AS mark FROM tb_user');
SELECT data FROM tv_user WHERE pk_user = 1;
SELECT assert_exact();
SELECT * FROM pg_tviews_ddl('DROP TVIEW user; DROP TVIEW IF EXISTS user; drop tview app.post cascade;');
-- A mistake in the second statement leaves nothing of the first.
SELECT * FROM pg_tviews_ddl('CREATE TVIEW user AS SELECT pk_user, id, to_jsonb(u) AS data FROM tb_user u; DROP TABLE x');
SELECT * FROM pg_tviews_ddl('');
SELECT entity, table_oid FROM pg_tview_meta;

-- Other names: only tv_ tables become TVIEWs, and only by CREATE TABLE AS.
CREATE TABLE tx_user AS SELECT pk_user FROM tb_user;
CREATE TABLE tv_plain (a int);
INSERT INTO tv_plain VALUES (1);
CREATE MATERIALIZED VIEW tv_mat AS SELECT pk_user FROM tb_user;
SELECT entity FROM pg_tview_meta;
DROP TABLE tx_user, tv_plain;
DROP MATERIALIZED VIEW tv_mat;

-- Names that need quotes.
CREATE TABLE "tv_Odd Name" AS SELECT pk_user AS "pk_Odd Name", id, to_jsonb(u) AS data FROM tb_user u;
SELECT table_oid, view_oid, key_columns FROM pg_tview_meta WHERE entity = 'Odd Name';
UPDATE tb_user SET name = 'odd' WHERE pk_user = 1;
SELECT assert_exact('"tv_Odd Name"');
SELECT entity, missing, extra, different FROM pg_tviews_verify('"tv_Odd Name"');
SELECT entity FROM pg_tviews_verify('"Odd Name"');
SELECT pg_tviews_drop('"Odd Name"');

SET client_min_messages = warning;
DROP SCHEMA creation, app CASCADE;
SELECT assert_gone();
