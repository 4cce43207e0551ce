-- replacement - what users have added to a TVIEW survives pg_tviews_replace(), which is all done or not at all.
\a \t
CREATE SCHEMA replacement;
SET search_path = replacement, public;
CREATE ROLE regress_replacement;
CREATE TABLE tb_x (pk_x int PRIMARY KEY, id uuid NOT NULL, name text, n int);
CREATE TABLE tb_y (pk_y int PRIMARY KEY, id uuid NOT NULL, fk_x int, t text);
INSERT INTO tb_x SELECT n, uid(n), 'name ' || n, n FROM generate_series(1, 3) n;
INSERT INTO tb_y SELECT n, uid(10 + n), 1 + n % 3, 'y ' || n FROM generate_series(1, 5) n;
CREATE TABLE tv_x AS SELECT pk_x, id, n, jsonb_build_object('name', name) AS data FROM tb_x;
CREATE TABLE tv_y AS SELECT y.pk_y, y.id, y.fk_x, jsonb_build_object('t', t, 'x', x.data) AS data FROM tb_y y JOIN tv_x x ON x.pk_x = y.fk_x;
-- Everything a table may have
CREATE INDEX x_name ON tv_x ((data ->> 'name'));
CREATE UNIQUE INDEX x_id ON tv_x (id) INCLUDE (pk_x);
CREATE INDEX x_some ON tv_x (pk_x) WHERE data ? 'name';
CREATE STATISTICS x_statistics ON (data ->> 'name'), pk_x FROM tv_x;
COMMENT ON TABLE tv_x IS 'on the table';
COMMENT ON COLUMN tv_x.data IS 'on the column';
COMMENT ON VIEW v_x IS 'on the view';
GRANT SELECT (pk_x, data) ON tv_x TO regress_replacement;
GRANT SELECT ON v_x TO regress_replacement;
GRANT UPDATE (data, n) ON v_x TO regress_replacement WITH GRANT OPTION;
COMMENT ON COLUMN v_x.data IS 'on the view''s column';
ALTER VIEW v_x SET (security_barrier);
CREATE FUNCTION no_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER x_instead INSTEAD OF INSERT ON v_x FOR EACH ROW EXECUTE FUNCTION no_insert();
CREATE RULE x_rule AS ON DELETE TO v_x DO INSTEAD NOTHING;
ALTER TABLE tv_x ENABLE ROW LEVEL SECURITY;
CREATE POLICY x_policy ON tv_x FOR SELECT TO regress_replacement USING (pk_x > 1);
ALTER TABLE tv_x ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', data ->> 'name')) STORED;
CREATE INDEX x_words ON tv_x USING gin (words);
CREATE TABLE log (operation text, pk int);
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_OP, NEW.pk_x); RETURN NULL; END $$;
CREATE TRIGGER x_log AFTER INSERT OR UPDATE ON tv_x FOR EACH ROW EXECUTE FUNCTION log_change();
ALTER TABLE tv_x REPLICA IDENTITY USING INDEX tv_x_pkey;
ALTER TABLE tv_x SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.5);
ALTER TABLE tv_x ALTER data SET STATISTICS 500, ALTER data SET STORAGE EXTERNAL, ALTER data SET COMPRESSION pglz, ADD CONSTRAINT x_check CHECK (pk_x > 0);
ALTER TABLE tv_x CLUSTER ON tv_x_pkey;
SET client_min_messages = error;
CREATE PUBLICATION regress_replacement FOR TABLE tv_x;
RESET client_min_messages;
CREATE VIEW on_x AS SELECT pk_x, data FROM tv_x;
CREATE VIEW facts AS
SELECT 'indexes ' || string_agg(indexrelid::regclass || CASE WHEN indisclustered THEN ' (clustered)' ELSE '' END || CASE WHEN indisreplident THEN ' (identity)' ELSE '' END, ', ' ORDER BY indexrelid::regclass::text COLLATE "C") AS fact
  FROM pg_index WHERE indrelid = to_regclass('tv_x')
UNION ALL SELECT 'statistics ' || string_agg(stxname, ', ') FROM pg_statistic_ext WHERE stxrelid = to_regclass('tv_x')
UNION ALL SELECT concat_ws(' ', 'column', attname, CASE WHEN attstattarget > 0 THEN attstattarget END, attstorage::text, nullif(attcompression::text, ''), attacl::text, col_description(attrelid, attnum))
  FROM pg_attribute WHERE attrelid = to_regclass('tv_x') AND attname IN ('pk_x', 'data', 'words')
UNION ALL SELECT concat_ws(' ', 'relation', relname, reloptions::text, relreplident::text, relrowsecurity::text, obj_description(oid, 'pg_class'), has_table_privilege('regress_replacement', oid, 'SELECT')::text)
  FROM pg_class WHERE oid IN (to_regclass('tv_x'), to_regclass('v_x'))
UNION ALL SELECT 'column of v_x ' || attname || ' ' || attacl::text || coalesce(col_description(attrelid, attnum), '') FROM pg_attribute WHERE attrelid = to_regclass('v_x') AND attname = 'data'
UNION ALL SELECT 'policy ' || polname FROM pg_policy WHERE polrelid = to_regclass('tv_x')
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = to_regclass('tv_x') AND NOT tgisinternal
UNION ALL SELECT 'publication ' || pubname FROM pg_publication_tables WHERE tablename = 'tv_x'
UNION ALL SELECT 'constraint ' || conname FROM pg_constraint WHERE conrelid = to_regclass('tv_x') AND contype <> 'n';
CREATE TABLE before AS SELECT to_regclass('tv_x')::oid::text AS fact UNION ALL TABLE facts;
SELECT fact FROM facts ORDER BY fact COLLATE "C";
CREATE FUNCTION lost() RETURNS SETOF text LANGUAGE sql AS $$ SELECT fact FROM (SELECT fact FROM before EXCEPT ALL (SELECT to_regclass('tv_x')::oid::text UNION ALL TABLE facts)) l ORDER BY fact COLLATE "C" $$;

SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n, jsonb_build_object('name', name) AS data FROM tb_x$$);
SELECT lost();
-- The data expression. The user's trigger runs with the user's search_path.
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n, jsonb_build_object('name', upper(name)) AS data FROM tb_x$$);
SELECT lost();
SELECT * FROM log ORDER BY pk;
SELECT assert_exact();
-- A column more, other joins, another order of the columns, a column less
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n, jsonb_build_object('name', upper(name)) AS data, (SELECT count(*) FROM tb_y y WHERE y.fk_x = pk_x) AS ys FROM tb_x$$);
SELECT lost();
SELECT pg_tviews_replace('x', $$SELECT x.ys, x.pk_x, x.id, x.n, x.data FROM (SELECT pk_x, id, n, jsonb_build_object('name', upper(name)) AS data, (SELECT count(*) FROM tb_y y WHERE y.fk_x = pk_x) AS ys FROM tb_x) x$$);
SELECT lost();
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, jsonb_build_object('name', upper(name)) AS data FROM tb_x$$);
SELECT lost();
SELECT assert_exact();
UPDATE tb_x SET name = 'again' WHERE pk_x = 1;
UPDATE tb_y SET t = 'again' WHERE pk_y = 1;
SELECT assert_exact();
-- Refused, and nothing has changed: another key, a key twice, a column that something needs, a check, an error in a trigger.
SELECT error_of($$SELECT pg_tviews_replace('x', 'SELECT pk_x::bigint AS pk_x, id, to_jsonb(name) AS data FROM tb_x')$$);
SELECT split_part(error_of($$SELECT pg_tviews_replace('x', 'SELECT 1 AS pk_x, id, to_jsonb(name) AS data FROM tb_x')$$), E'\n', 1);
SELECT split_part(error_of($$SELECT pg_tviews_replace('x', 'SELECT pk_x - 1 AS pk_x, id, to_jsonb(name) AS data FROM tb_x')$$), E'\n', 1);
SELECT error_of($$SELECT pg_tviews_replace('x', 'SELECT pk_x, id, name AS data FROM tb_x')$$);
SELECT error_of($$SELECT pg_tviews_replace('x', 'SELECT pk_x, uid(1) AS id, to_jsonb(name) AS data FROM tb_x')$$);
SELECT lost();
SELECT assert_exact();
-- Undone
BEGIN;
UPDATE tb_x SET name = 'undone' WHERE pk_x = 2;
SAVEPOINT s;
SELECT pg_tviews_replace('x', $$SELECT x.n, pk_x, id, jsonb_build_object('name', lower(name)) AS data FROM tb_x x$$);
UPDATE tb_x SET name = 'undone, too' WHERE pk_x = 3;
SELECT assert_exact();
ROLLBACK TO s;
SELECT assert_exact();
SELECT lost();
ROLLBACK;
SELECT assert_exact();
-- A column of another type keeps all of this, too; a column that goes takes along what is on it, and says so.
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n, jsonb_build_object('name', upper(name)) AS data FROM tb_x$$);
CREATE INDEX x_n ON tv_x (n, pk_x);
CREATE UNIQUE INDEX x_unique ON tv_x (n) WHERE n > 0;
CREATE STATISTICS x_n_statistics ON n, pk_x FROM tv_x;
COMMENT ON COLUMN tv_x.n IS 'a number';
GRANT SELECT (n) ON tv_x TO regress_replacement;
ALTER TABLE tv_x ALTER n SET STATISTICS 77, ALTER n SET (n_distinct = 5), ADD CONSTRAINT n_check CHECK (n IS NULL OR n > 0), ADD CONSTRAINT n_key UNIQUE (n, id);
ALTER TABLE tv_x CLUSTER ON x_n;
ALTER TABLE tv_x ALTER id SET NOT NULL;
CREATE UNIQUE INDEX x_identity ON tv_x (id);
ALTER TABLE tv_x REPLICA IDENTITY USING INDEX x_identity;
CREATE RULE on_write AS ON UPDATE TO v_x DO INSTEAD NOTHING;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER on_view INSTEAD OF INSERT ON v_x FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE tv_x ADD COLUMN mine int;
CREATE OR REPLACE VIEW facts AS
SELECT 'index ' || indexrelid::regclass || CASE WHEN indisclustered THEN ' (clustered)' ELSE '' END || CASE WHEN indisreplident THEN ' (identity)' ELSE '' END || ' ' || pg_get_indexdef(indexrelid) AS fact
  FROM pg_index WHERE indrelid = to_regclass('tv_x')
UNION ALL SELECT 'statistics ' || pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = to_regclass('tv_x')
UNION ALL SELECT concat_ws(' ', 'column', attname, nullif(attstattarget, -1), attstorage::text, nullif(attcompression::text, ''), (SELECT string_agg(o, ',') FROM unnest(attoptions) o WHERE o !~ '^pg_attver'), attacl::text, col_description(attrelid, attnum))
  FROM pg_attribute WHERE attrelid = to_regclass('tv_x') AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT concat_ws(' ', 'relation', relname, reloptions::text, relreplident::text, relrowsecurity::text, obj_description(oid, 'pg_class'), has_table_privilege('regress_replacement', oid, 'SELECT')::text)
  FROM pg_class WHERE oid IN (to_regclass('tv_x'), to_regclass('v_x'))
UNION ALL SELECT 'column of v_x ' || attname || ' ' || coalesce(attacl::text, '') || coalesce(col_description(attrelid, attnum), '') FROM pg_attribute WHERE attrelid = to_regclass('v_x')
UNION ALL SELECT 'policy ' || polname FROM pg_policy WHERE polrelid = to_regclass('tv_x')
UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid IN (to_regclass('tv_x'), to_regclass('v_x')) AND NOT tgisinternal
UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = to_regclass('v_x')
UNION ALL SELECT 'publication ' || pubname FROM pg_publication_tables WHERE tablename = 'tv_x'
UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = to_regclass('tv_x') AND contype <> 'n';
TRUNCATE before;
INSERT INTO before SELECT to_regclass('tv_x')::oid::text AS fact UNION ALL TABLE facts;
SELECT count(*) FROM before;
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n::bigint AS n, jsonb_build_object('name', upper(name)) AS data FROM tb_x$$);
SELECT lost();
SELECT assert_exact();
UPDATE tb_x SET n = 10 WHERE pk_x = 1;
SELECT assert_exact();
-- Values that cannot be cast are computed; storage and compression are those of the column, not of its type.
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n, jsonb_build_object('name', upper(name)) AS data, name AS other FROM tb_x$$);
CREATE INDEX x_other ON tv_x (other);
ALTER TABLE tv_x ALTER other SET STORAGE EXTERNAL, ALTER other SET COMPRESSION pglz;
TRUNCATE before;
INSERT INTO before SELECT to_regclass('tv_x')::oid::text AS fact UNION ALL TABLE facts;
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n, jsonb_build_object('name', upper(name)) AS data, name::varchar(50) COLLATE "C" AS other FROM tb_x$$);
SELECT lost();
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, n, jsonb_build_object('name', upper(name)) AS data, pk_x AS other FROM tb_x$$);
SELECT lost();
SELECT assert_exact();
SELECT other FROM tv_x ORDER BY 1;
-- Refused, and nothing has changed: a policy, a generated column, a view, a TVIEW, an index that the type cannot have, NOT NULL where there is no cast.
TRUNCATE before;
INSERT INTO before SELECT to_regclass('tv_x')::oid::text AS fact UNION ALL TABLE facts;
CREATE FUNCTION retype(type text) RETURNS text LANGUAGE sql AS $$ SELECT error_of(format('SELECT pg_tviews_replace(%L, %L)', 'x', format('SELECT pk_x, id, n, jsonb_build_object(''name'', upper(name)) AS data, %s AS other FROM tb_x', type))) $$;
BEGIN;
CREATE POLICY on_other ON tv_x USING (other > 0);
SELECT retype('name');
ROLLBACK;
BEGIN;
ALTER TABLE tv_x ADD COLUMN twice int GENERATED ALWAYS AS (other * 2) STORED;
SELECT retype('name');
ROLLBACK;
BEGIN;
CREATE VIEW others AS SELECT other FROM tv_x;
SELECT retype('name');
ROLLBACK;
BEGIN;
CREATE TABLE tv_z AS SELECT pk_x AS pk_z, id, to_jsonb(other) AS data FROM tv_x;
SELECT retype('name');
ROLLBACK;
BEGIN;
SELECT retype('name::xml');
ALTER TABLE tv_x ALTER other SET NOT NULL;
DROP INDEX x_other;
SELECT retype('uid(1)');
ROLLBACK;
SELECT lost();
SELECT assert_exact();
-- What goes
CREATE STATISTICS x_other_statistics ON other, n FROM tv_x;
ALTER TABLE tv_x ADD CONSTRAINT other_positive CHECK (other > 0 AND n > 0);
SELECT pg_tviews_replace('x', $$SELECT pk_x, id, jsonb_build_object('name', upper(name)) AS data FROM tb_x$$);
SELECT lost();
SELECT assert_exact();
DROP TABLE tv_y;
SET client_min_messages = warning;
DROP PUBLICATION regress_replacement;
DROP SCHEMA replacement CASCADE;
DROP ROLE regress_replacement;
SELECT assert_gone();
