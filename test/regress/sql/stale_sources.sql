-- stale_sources - materialized views are accepted by an option and followed when they are refreshed; foreign tables are refused.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA stale;
SET search_path = stale, public;
CREATE TABLE tb_sale (pk_sale int PRIMARY KEY, fk_item int, price numeric);
CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_item SELECT n, uid(n), 'item ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_sale SELECT n, 1 + n % 3, n FROM generate_series(1, 9) n;
CREATE MATERIALIZED VIEW mv_total AS SELECT fk_item, sum(price) AS total FROM tb_sale GROUP BY 1;
CREATE UNIQUE INDEX ON mv_total (fk_item);
-- refused, directly and through a view, unless accepted
SELECT error_of($$CREATE TABLE tv_item AS SELECT i.pk_item, i.id, to_jsonb(m.total) AS data FROM tb_item i LEFT JOIN mv_total m ON m.fk_item = i.pk_item$$);
CREATE VIEW totals AS SELECT * FROM mv_total;
SELECT error_of($$SELECT pg_tviews_create('item', 'SELECT i.pk_item, i.id, to_jsonb(m.total) AS data FROM tb_item i LEFT JOIN totals m ON m.fk_item = i.pk_item')$$);
SELECT pg_tviews_analyze_select('SELECT i.pk_item, i.id, to_jsonb(m.total) AS data FROM tb_item i LEFT JOIN totals m ON m.fk_item = i.pk_item')->'refusal'->>'hint';
SELECT error_of($$SELECT pg_tviews_create('item', 'SELECT 1', options => '{"allow_stale_sources": "yes"}')$$);
SELECT pg_tviews_create('item', 'SELECT i.pk_item, i.id, jsonb_build_object(''name'', i.name, ''total'', m.total) AS data
  FROM tb_item i LEFT JOIN totals m ON m.fk_item = i.pk_item', options => '{"allow_stale_sources": true}');
SELECT pk_item, data FROM tv_item ORDER BY 1;
-- visible
SELECT line FROM pg_tviews_explain('item') line WHERE line ~ 'source|stale|strategy';
SELECT status, severity, message, details FROM pg_tviews_health_check() WHERE check_name = 'consistency';
SELECT count(*) FROM pg_tviews_health_check() WHERE status <> 'OK';
-- as of the last refresh; all other sources at once
UPDATE tb_sale SET price = 100 WHERE pk_sale = 1;
UPDATE tb_item SET name = 'renamed' WHERE pk_item = 2;
SELECT pk_item, data FROM tv_item ORDER BY 1;
REFRESH MATERIALIZED VIEW mv_total;
SELECT pk_item, data FROM tv_item ORDER BY 1;
SELECT assert_exact();
UPDATE tb_sale SET price = 200 WHERE pk_sale = 1;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv_total;
SELECT data->'total' FROM tv_item WHERE pk_item = 2;
SELECT assert_exact();
-- in a transaction: read at once, and taken back
BEGIN;
UPDATE tb_sale SET price = 300 WHERE pk_sale = 1;
SAVEPOINT s;
REFRESH MATERIALIZED VIEW mv_total;
SELECT data->'total' FROM tv_item WHERE pk_item = 2;
ROLLBACK TO s;
SELECT data->'total' FROM tv_item WHERE pk_item = 2;
REFRESH MATERIALIZED VIEW mv_total;
COMMIT;
SELECT data->'total' FROM tv_item WHERE pk_item = 2;
SELECT assert_exact();
-- in a function, by somebody else
CREATE FUNCTION refresh_totals() RETURNS void LANGUAGE sql AS 'REFRESH MATERIALIZED VIEW stale.mv_total';
UPDATE tb_sale SET price = 400 WHERE pk_sale = 1;
SELECT refresh_totals();
SELECT assert_exact();
-- emptied: the refresh fails, because the definition cannot be computed
REFRESH MATERIALIZED VIEW mv_total WITH NO DATA;
SELECT assert_exact();
-- a TVIEW on it, and a materialized view on a TVIEW
CREATE TABLE tv_top AS SELECT pk_item AS pk_top, id, data->'total' AS data FROM tv_item;
CREATE MATERIALIZED VIEW mv_tops AS SELECT max(data::numeric) AS top FROM tv_top;
UPDATE tb_sale SET price = 500 WHERE pk_sale = 1;
REFRESH MATERIALIZED VIEW mv_total;
REFRESH MATERIALIZED VIEW mv_tops;
SELECT top FROM mv_tops;
SELECT assert_exact();
-- renamed things
ALTER MATERIALIZED VIEW mv_total RENAME TO mv_sum;
ALTER MATERIALIZED VIEW mv_sum RENAME COLUMN total TO sum;
REFRESH MATERIALIZED VIEW mv_sum;
SELECT assert_exact();
SELECT count(*) FROM pg_tviews_health_check() WHERE status <> 'OK';
-- replaced: the option stays unless others are given
SELECT pg_tviews_replace('item', 'SELECT i.pk_item, i.id, jsonb_build_object(''total'', m.sum) AS data FROM tb_item i LEFT JOIN mv_sum m ON m.fk_item = i.pk_item');
SELECT error_of($$SELECT pg_tviews_replace('item', 'SELECT i.pk_item, i.id, jsonb_build_object(''sum'', m.sum) AS data FROM tb_item i LEFT JOIN mv_sum m ON m.fk_item = i.pk_item', '{}')$$);
SELECT error_of($$DROP MATERIALIZED VIEW mv_sum$$) ~ '^2BP01';
UPDATE tb_sale SET price = 600 WHERE pk_sale = 1;
REFRESH MATERIALIZED VIEW mv_sum;
SELECT assert_exact();
-- a helper view that comes to read one
CREATE VIEW names AS SELECT pk_item, name FROM tb_item;
CREATE TABLE tv_name AS SELECT n.pk_item AS pk_name, i.id, to_jsonb(n.name) AS data FROM names n JOIN tb_item i USING (pk_item);
SELECT error_of($$CREATE OR REPLACE VIEW names AS SELECT fk_item AS pk_item, sum::text AS name FROM mv_sum$$);
SET client_min_messages = warning;
DROP MATERIALIZED VIEW mv_sum CASCADE;
RESET client_min_messages;
SELECT entity FROM pg_tview_meta;
DROP TABLE tv_name;
SELECT tgname FROM pg_trigger WHERE tgrelid IN ('tb_item'::regclass, 'tb_sale'::regclass);
-- foreign tables: refused, also as a part of a table, before and after
CREATE FOREIGN DATA WRAPPER regress_stale_fdw;
CREATE SERVER regress_stale_server FOREIGN DATA WRAPPER regress_stale_fdw;
CREATE FOREIGN TABLE remote (pk_remote int, id uuid, name text) SERVER regress_stale_server;
SELECT error_of($$CREATE TABLE tv_remote AS SELECT pk_remote, id, to_jsonb(name) AS data FROM remote$$);
SELECT error_of($$SELECT pg_tviews_create('remote', 'SELECT pk_remote, id, to_jsonb(name) AS data FROM remote', options => '{"allow_stale_sources": true}')$$);
CREATE TABLE tb_part (pk_part int, id uuid, name text) PARTITION BY RANGE (pk_part);
CREATE TABLE tb_part_1 PARTITION OF tb_part FOR VALUES FROM (0) TO (10);
CREATE FOREIGN TABLE tb_part_2 PARTITION OF tb_part FOR VALUES FROM (10) TO (20) SERVER regress_stale_server;
SELECT error_of($$CREATE TABLE tv_part AS SELECT pk_part, id, to_jsonb(name) AS data FROM tb_part WHERE pk_part < 10$$);
ALTER TABLE tb_part DETACH PARTITION tb_part_2;
CREATE TABLE tv_part AS SELECT pk_part, id, to_jsonb(name) AS data FROM tb_part;
SELECT error_of($$ALTER TABLE tb_part ATTACH PARTITION tb_part_2 FOR VALUES FROM (10) TO (20)$$);
SELECT error_of($$CREATE FOREIGN TABLE tb_part_3 PARTITION OF tb_part FOR VALUES FROM (20) TO (30) SERVER regress_stale_server$$);
CREATE TABLE tv_child AS SELECT pk_item AS pk_child, id, to_jsonb(name) AS data FROM tb_item;
SELECT error_of($$CREATE FOREIGN TABLE tb_item_2 () INHERITS (tb_item) SERVER regress_stale_server$$);
CREATE FOREIGN TABLE tb_item_3 (pk_item int NOT NULL, id uuid NOT NULL, name text) SERVER regress_stale_server;
SELECT error_of($$ALTER TABLE tb_item_3 INHERIT tb_item$$);
INSERT INTO tb_part VALUES (1, uid(1), 'here');
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA stale CASCADE;
DROP FOREIGN DATA WRAPPER regress_stale_fdw CASCADE;
SELECT assert_gone();
