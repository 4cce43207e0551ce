-- creation_errors - what cannot be a TVIEW says so, with a code and a hint, and leaves nothing behind.
\a \t
CREATE SCHEMA creation_errors;
SET search_path = creation_errors, public;
CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL UNIQUE, name text, at timestamptz, n int, price numeric);
INSERT INTO tb_item SELECT n, uid(n), 'item ' || n, '2024-01-01 00:00+00', n, n * 1.5 FROM generate_series(1, 3) n;

-- Required columns (TV103).
CREATE TABLE tv_item AS SELECT id, to_jsonb(i) AS data FROM tb_item i;
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE tv_item AS SELECT pk_item AS pk_a, n AS pk_b, id, to_jsonb(i) AS data FROM tb_item i;
CREATE TABLE tv_item AS SELECT pk_item, to_jsonb(i) AS data FROM tb_item i;
CREATE TABLE tv_item AS SELECT pk_item, id FROM tb_item i;
CREATE TABLE tv_item AS SELECT pk_item, id::text AS id, to_jsonb(i) AS data FROM tb_item i;
CREATE TABLE tv_item AS SELECT pk_item, id, to_json(i) AS data FROM tb_item i;
CREATE TABLE tv_item AS SELECT pk_item::text AS pk_item, id, to_jsonb(i) AS data FROM tb_item i;
SELECT pg_tviews_create('item', 'SELECT name FROM tb_item', key_columns => '{nome}');
SELECT pg_tviews_create('item', 'SELECT to_json(name) AS j FROM tb_item', key_columns => '{j}');
SELECT assert_gone();
-- The same table name is free for a good definition afterwards, and in the same transaction.
BEGIN;
SAVEPOINT s;
CREATE TABLE tv_item AS SELECT id, to_jsonb(i) AS data FROM tb_item i;
ROLLBACK TO s;
CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i;
COMMIT;
SELECT assert_exact('tv_item');
DROP TABLE tv_item;

-- Names (TV101).
CREATE TABLE "tv_" AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i;
\echo :LAST_ERROR_SQLSTATE
SELECT pg_tviews_create('', 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i');
SELECT pg_tviews_create('a.b.c', 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i');
SELECT pg_tviews_create('nowhere.item', 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i');
SELECT pg_tviews_create(repeat('x', 61), 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i');
CREATE TEMP TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i;
CREATE TABLE pg_temp.tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i;
-- Something has the name of the view (TV105).
CREATE TABLE v_item (a int);
CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i;
\echo :LAST_ERROR_SQLSTATE
DROP TABLE v_item;
CREATE VIEW v_item AS SELECT 1 AS a;
SELECT pg_tviews_create('item', 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i');
SELECT * FROM v_item;
DROP VIEW v_item;
CREATE TABLE tv_item (a int);
SELECT pg_tviews_create('item', 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i');
SELECT pg_tviews_create('item', 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i', if_not_exists => true);
DROP TABLE tv_item;

-- Statements that are not a SELECT of tables (TV102).
PREPARE p AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i;
CREATE TABLE tv_item AS EXECUTE p;
\echo :LAST_ERROR_SQLSTATE
DEALLOCATE p;
DO $$
DECLARE lowest int := 2;
BEGIN
    CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i WHERE pk_item >= lowest;
END
$$;
SELECT pg_tviews_create('item', 'UPDATE tb_item SET n = 1');
SELECT pg_tviews_create('item', 'SELECT 1; SELECT 2');
SELECT pg_tviews_create('item', ' -- nothing');
SELECT pg_tviews_create('item', 'SELECT pk_item INTO x FROM tb_item');
SELECT pg_tviews_create('item', 'WITH d AS (DELETE FROM tb_item i RETURNING pk_item, id, to_jsonb(i) AS data) SELECT * FROM d');
SELECT pg_tviews_create('item', 'SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i WHERE pk_item = $1');
CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i FOR UPDATE;
SELECT count(*) FROM tb_item;

CREATE SEQUENCE seq;
-- Expressions whose result changes while the tables stay the same (TV102).
SELECT e AS expression, error_of(format('CREATE TABLE tv_item AS SELECT pk_item, id, jsonb_build_object(%L, %s) AS data FROM tb_item', 'x', e))
  FROM unnest(ARRAY['random()', 'gen_random_uuid()', 'clock_timestamp()', 'now()', 'CURRENT_DATE', 'CURRENT_TIMESTAMP',
                    'LOCALTIME', 'current_user', 'session_user', 'current_schema', 'age(at)', 'statement_timestamp()',
                    'current_setting(''TimeZone'')', 'nextval(''seq'')', 'pg_backend_pid()', 'txid_current()',
                    'has_table_privilege(''tb_item'', ''SELECT'')', '(SELECT random())', 'ctid::text', 'xmin::text']) WITH ORDINALITY t (e, n) ORDER BY n;
SELECT error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i WHERE at < now()');
SELECT error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i ORDER BY random() LIMIT 1');
SELECT error_of('CREATE TABLE tv_item AS SELECT DISTINCT ON (n) pk_item, id, to_jsonb(i) AS data FROM tb_item i ORDER BY n, random()');
SELECT error_of('CREATE TABLE tv_item AS WITH x AS (SELECT random() AS r) SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i, x');
SELECT error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i JOIN (SELECT now() AS t) x ON at < t');
CREATE VIEW fresh AS SELECT * FROM tb_item WHERE at > now() - interval '1 day';
SELECT error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(f) AS data FROM fresh f');
DROP VIEW fresh;
-- What only looks like it is fine.
CREATE TABLE tv_item AS
SELECT pk_item, id, jsonb_build_object('at', at, 'text', at::text, 'day', date_trunc('day', at), 'age', age(at, '2000-01-01'),
                                       'f', format('%s/%s', name, price), 'c', concat_ws('-', name, n), 'random()', 'now()') AS data
  FROM tb_item;
UPDATE tb_item SET at = at + interval '1 hour';
SELECT assert_exact('tv_item');
DROP TABLE tv_item;

-- Relations that fire no triggers (TV102).
SELECT error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data FROM tb_item i TABLESAMPLE system (10)');
SELECT error_of('CREATE TABLE tv_item AS SELECT oid::int AS pk_item, uid(1) AS id, to_jsonb(relname) AS data FROM pg_class');
SELECT error_of('CREATE TABLE tv_item AS SELECT i.pk_item, id, to_jsonb(i) AS data FROM tb_item i WHERE EXISTS (SELECT FROM pg_roles)');
CREATE MATERIALIZED VIEW m AS SELECT * FROM tb_item;
SELECT error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(m) AS data FROM m');
DROP MATERIALIZED VIEW m;
CREATE SEQUENCE s;
SELECT error_of('CREATE TABLE tv_item AS SELECT last_value AS pk_item, uid(1) AS id, ''{}''::jsonb AS data FROM s');
DROP SEQUENCE s;
CREATE TEMP TABLE tb_temp AS SELECT * FROM tb_item;
SELECT regexp_replace(error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(t) AS data FROM tb_temp t'), 'pg_temp_\d+', 'pg_temp');
DROP TABLE tb_temp;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE tb_foreign (pk_item int, id uuid) SERVER nowhere;
SELECT error_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(t) AS data FROM tb_foreign t');
DROP FOREIGN DATA WRAPPER nothing CASCADE;

-- Functions: volatile, stable, and SQL functions that read tables behind the definition's back.
CREATE FUNCTION f_volatile(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION f_stable(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
CREATE FUNCTION f_reads(int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT count(*) FROM creation_errors.tb_item WHERE n = $1';
CREATE FUNCTION f_atomic(i int) RETURNS bigint LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT count(*) FROM tb_item WHERE n = i; END;
CREATE FUNCTION f_fine(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * 2; END';
SELECT f, error_of(format('CREATE TABLE tv_item AS SELECT pk_item, id, jsonb_build_object(%L, %s) AS data FROM tb_item', 'x', f))
  FROM unnest(ARRAY['f_volatile(n)', 'f_stable(n)', 'f_reads(n)', 'f_atomic(n)', 'f_fine(n)']) WITH ORDINALITY t (f, o) ORDER BY o;
SELECT assert_exact('tv_item');
UPDATE tb_item SET n = n + 1;
SELECT assert_exact('tv_item');
DROP TABLE tv_item;
-- Named by the creator, the table that a function reads is a source.
SELECT pg_tviews_create('item', 'SELECT pk_item, f_reads(n) AS same FROM tb_item', key_columns => '{pk_item}',
                        options => '{"function_reads": ["tb_item"]}');
INSERT INTO tb_item (pk_item, id, n) VALUES (9, uid(9), 2);
SELECT assert_exact('tv_item');
DROP TABLE tv_item;

-- Errors of the SELECT itself are PostgreSQL's.
CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(nome) AS data FROM tb_item;
CREATE TABLE tv_item AS SELECT * FROM tb_itme;
SELECT context_of('CREATE TABLE tv_item AS SELECT pk_item, id, to_jsonb(i) AS data, 1 / (pk_item - 1) AS q FROM tb_item i');
CREATE TABLE tv_item AS SELECT NULL::int AS pk_item, id, to_jsonb(i) AS data, ROW(1, 2) AS r FROM tb_item i;
CREATE TABLE tv_item (a, b, c, d) AS SELECT pk_item, id, to_jsonb(i) FROM tb_item i;
-- Options (TV401).
SELECT error_of($$SELECT pg_tviews_create('item', 'SELECT pk_item FROM tb_item', key_columns => '{pk_item}', options => '{"fillfaktor": 50}')$$);
SELECT error_of($$SELECT pg_tviews_create('item', 'SELECT pk_item FROM tb_item', key_columns => '{pk_item}', options => '{"fillfactor": 5}')$$);
SELECT error_of($$SELECT pg_tviews_create('item', 'SELECT pk_item FROM tb_item', key_columns => '{pk_item}', options => '{"unlogged": "yes"}')$$);
SELECT error_of($$SELECT pg_tviews_create('item', 'SELECT pk_item FROM tb_item', key_columns => '{pk_item}', options => '[]')$$);
SELECT error_of($$SELECT pg_tviews_create('item', 'SELECT pk_item FROM tb_item', key_columns => '{pk_item}', options => '{"function_reads": ["nothing"]}')$$);

SELECT assert_gone();
SET client_min_messages = warning;
DROP SCHEMA creation_errors CASCADE;
SELECT assert_gone();
