-- mistakes - typos and wrong calls: every error says what is wrong and what to do.
\a \t
CREATE SCHEMA mistakes;
SET search_path = mistakes, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_user VALUES (1, uid(1), 'one');
CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
CREATE TABLE tb_plain (a int);
CREATE FUNCTION show(statement text) RETURNS text LANGUAGE sql AS $$ SELECT statement || E'\n=> ' || error_of(statement) $$;

-- names
SELECT show(format('SELECT * FROM %s', call)) FROM unnest(ARRAY[
    $$pg_tviews_refresh('usr')$$, $$pg_tviews_refresh('tv_usr')$$, $$pg_tviews_refresh('other.user')$$, $$pg_tviews_refresh('tb_plain')$$, $$pg_tviews_refresh('tb_user')$$,
    $$pg_tviews_refresh('')$$, $$pg_tviews_refresh('"')$$, $$pg_tviews_refresh('a.b.c.d')$$, $$pg_tviews_refresh(NULL)$$,
    $$pg_tviews_verify('usr')$$, $$pg_tviews_explain('usr')$$, $$pg_tviews_show_cascade_path('usr')$$, $$pg_tviews_show_cascade_path(NULL)$$, $$pg_tviews_suggest_indexes('usr')$$,
    $$pg_tviews_drop('usr')$$, $$pg_tviews_drop(NULL)$$, $$pg_tviews_replace('usr', 'SELECT 1')$$, $$pg_tviews_replace('user', NULL)$$,
    $$pg_tviews_create(NULL, 'SELECT 1')$$, $$pg_tviews_create('x', NULL)$$, $$pg_tviews_create('x', 'SELECT pk_user FROM tb_user', key_columns => ARRAY[NULL]::text[])$$,
    $$pg_tviews_create('x', 'SELECT pk_user FROM tb_user', key_columns => '{}')$$]) WITH ORDINALITY t (call, n) ORDER BY n;
-- definitions
SELECT show(format('SELECT pg_tviews_create(%L, %L)', 'x', s)) FROM unnest(ARRAY[
    '', 'nonsense', 'SELEC 1', 'SELECT', 'SELECT FROM tb_user', 'SELECT * FROM tb_usr', 'SELECT pk_usr FROM tb_user', 'SELECT 1 AS pk_x, uid(1) AS id', 'SELECT * FROM tb_user WHERE',
    'CREATE TABLE tv_x AS SELECT 1', 'VALUES (1)', 'SELECT pk_user, pk_user, id, to_jsonb(name) AS data FROM tb_user',
    'SELECT pk_user AS pk_x, id, to_jsonb(name) AS data, ''x'' AS data FROM tb_user', 'EXPLAIN SELECT 1', 'SELECT pk_user AS pk_x, id, to_jsonb(name) FROM tb_user', 'SELECT pk_user AS pk_x, id, to_jsonb(name) AS data FROM tb_user;;']) WITH ORDINALITY t (s, n) ORDER BY n;
SELECT pg_tviews_drop('x');
-- options
SELECT show(format('SELECT pg_tviews_create(%L, %L, options => %L)', 'x', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user', o)) FROM unnest(ARRAY[
    '{"fill": 1}', '{"fillfactor": "seventy"}', '{"fillfactor": 101}', '{"indexes": 1}', '"x"', 'null', '{"function_reads": 5}', '{"function_reads": ["tb_nothing"]}']) WITH ORDINALITY t (o, n) ORDER BY n;
-- scripts
SELECT show(format('SELECT * FROM pg_tviews_ddl(%L)', s)) FROM unnest(ARRAY[
    'CREATE TABLE x AS SELECT 1', 'CREATE TVIEW', 'CREATE TVIEW x', 'CREATE TVIEW x AS', 'CREATE TVIEW x SELECT 1', 'CREATE TVIEW IF EXISTS x AS SELECT 1', 'CREATE OR REPLACE TVIEW x AS SELEC 1',
    'DROP TVIEW', 'DROP TVIEW usr', 'DROP TVIEW user please', 'DROP TVIEW user; garbage', 'REFRESH TVIEW', 'REFRESH TVIEW usr', 'REFRESH MATERIALIZED VIEW x', 'CREATE TVIEW "x AS SELECT 1', 'CREATE TVIEW x AS SELECT ''a']) WITH ORDINALITY t (s, n) ORDER BY n;
-- replacing
SELECT show(format('SELECT pg_tviews_replace(%L, %L)', 'user', s)) FROM unnest(ARRAY[
    'SELECT 1', 'SELECT pk_user, id FROM tb_user', 'SELECT pk_user, id, to_jsonb(now()) AS data FROM tb_user', 'DELETE FROM tb_user']) WITH ORDINALITY t (s, n) ORDER BY n;
SELECT assert_exact();
-- other commands on the parts of a TVIEW
DROP VIEW v_user;
DROP MATERIALIZED VIEW tv_user;
REFRESH MATERIALIZED VIEW tv_user;
CREATE OR REPLACE VIEW v_user AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user WHERE pk_user > 1;
INSERT INTO v_user VALUES (2, uid(2), '{}');
SELECT show(s) FROM unnest(ARRAY[
    'ALTER TABLE tb_user DROP COLUMN name',
    'ALTER TABLE tb_user ALTER name TYPE varchar(10)', 'DROP TABLE tb_user', 'SELECT pg_tviews_internal_guard()', 'SELECT pg_tviews_internal_capture()']) WITH ORDINALITY t (s, n) ORDER BY n;
CREATE TRIGGER wrong AFTER INSERT ON tb_plain FOR EACH STATEMENT EXECUTE FUNCTION pg_tviews_internal_capture();
INSERT INTO tb_plain VALUES (1);
DROP TRIGGER IF EXISTS wrong ON tb_plain;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA mistakes CASCADE;
SELECT assert_gone();
