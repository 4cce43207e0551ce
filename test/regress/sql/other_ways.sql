-- other_ways - statements that look as if they made, dropped or refreshed a TVIEW, and do not.
\a \t
CREATE SCHEMA other_ways;
SET search_path = other_ways, public;
CREATE TABLE tb_x (pk_x int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_x VALUES (1, uid(1), 'one');
SELECT assert_gone();
-- EXPLAIN plans, EXPLAIN ANALYZE would make an ordinary table.
EXPLAIN (COSTS OFF) CREATE TABLE tv_x AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x;
EXPLAIN ANALYZE CREATE TABLE tv_x AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x;
\echo :LAST_ERROR_SQLSTATE
EXPLAIN (ANALYZE, COSTS OFF) SELECT pk_x, id, to_jsonb(name) AS data INTO tv_x FROM tb_x;
SELECT error_of('EXPLAIN ANALYZE CREATE TABLE IF NOT EXISTS tv_x AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x');
EXPLAIN (ANALYZE FALSE, COSTS OFF) CREATE TABLE tv_x AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x;
SELECT to_regclass('tv_x');
PREPARE q AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x;
CREATE TABLE tv_x AS EXECUTE q;
CREATE TABLE tv_x AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x WITH NO DATA;
SELECT assert_exact();
EXPLAIN (ANALYZE, COSTS OFF) CREATE TABLE IF NOT EXISTS tv_x AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x;
-- PostgreSQL's grammar has no TVIEW; the error says what to write.
CREATE TVIEW x AS SELECT 1;
CREATE OR REPLACE TVIEW x AS SELECT 1;
/* größer */ create	tview x as select 1;
DROP TVIEW x;
DROP TVIEW;
REFRESH TVIEW x;
ALTER TVIEW x RENAME TO y;
DO $$ BEGIN EXECUTE 'CREATE TVIEW x AS SELECT 1'; END $$;
SELECT 1 tview tview;
CREATE TVIEWS x;
SET client_min_messages = warning;
DROP SCHEMA other_ways CASCADE;
SELECT assert_gone();
