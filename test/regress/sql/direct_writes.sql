-- direct_writes - a TVIEW is written by maintenance only: refused with a hint, allowed for repair by a setting.
\a \t
CREATE SCHEMA direct_writes;
SET search_path = direct_writes, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
CREATE TABLE tv_user AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
INSERT INTO tv_user VALUES (9, uid(9), '"x"');
\echo :LAST_ERROR_SQLSTATE
UPDATE tv_user SET data = '"x"' WHERE pk_user = 1;
UPDATE tv_user SET data = data WHERE false;
DELETE FROM tv_user;
TRUNCATE tv_user;
COPY tv_user FROM stdin;
\.
MERGE INTO tv_user USING tb_user u ON u.pk_user = tv_user.pk_user WHEN MATCHED THEN DELETE;
INSERT INTO tv_user SELECT * FROM tv_user ON CONFLICT DO NOTHING;
WITH d AS (DELETE FROM tv_user RETURNING 1) SELECT count(*) FROM d;
SELECT assert_exact();
-- in the middle of a transaction that writes properly
BEGIN;
UPDATE tb_user SET name = 'fine' WHERE pk_user = 1;
SAVEPOINT s;
DELETE FROM tv_user WHERE pk_user = 1;
ROLLBACK TO s;
COMMIT;
SELECT assert_exact();
-- allowed: what one breaks one can see and repair
SET pg_tviews.allow_direct_writes = on;
UPDATE tv_user SET data = '"broken"' WHERE pk_user = 1;
DELETE FROM tv_user WHERE pk_user = 2;
INSERT INTO tv_user VALUES (9, uid(9), '"extra"');
SELECT assert_exact();
SELECT * FROM pg_tviews_verify('user');
RESET pg_tviews.allow_direct_writes;
SELECT pg_tviews_refresh('user');
SELECT assert_exact();
SELECT * FROM pg_tviews_verify('user');
-- direct writes reach the TVIEWs above
CREATE TABLE tv_above AS SELECT pk_user, id, jsonb_build_array(data) AS data FROM tv_user;
SET pg_tviews.allow_direct_writes = on;
UPDATE tv_user SET data = '"from below"' WHERE pk_user = 1;
RESET pg_tviews.allow_direct_writes;
SELECT assert_exact('tv_above'), (SELECT data FROM tv_above WHERE pk_user = 1);
SELECT pg_tviews_refresh('user');
SELECT assert_exact();
-- a write of the base table repairs the row it concerns
SET pg_tviews.allow_direct_writes = on;
DELETE FROM tv_user;
RESET pg_tviews.allow_direct_writes;
UPDATE tb_user SET name = 'repaired' WHERE pk_user = 2;
SELECT * FROM tv_user;
SELECT entity, rows_changed FROM pg_tviews_refresh_all();
SELECT assert_exact();
-- what an owner may do with a TVIEW: comments, statistics, indexes, grants, own columns; not what breaks it
COMMENT ON TABLE tv_user IS 'users';
CREATE STATISTICS st ON pk_user, id FROM tv_user;
ALTER TABLE tv_user ALTER data SET STATISTICS 1000, SET (autovacuum_enabled = off);
ANALYZE tv_user;
VACUUM FULL tv_user;
SELECT assert_exact();
-- what belongs to the definition stays as it is
SELECT error_of('ALTER TABLE tv_above ALTER pk_user TYPE bigint');
SELECT error_of('ALTER TABLE tv_above RENAME data TO document');
SELECT error_of('ALTER TABLE tv_above DROP COLUMN data');
SELECT error_of('ALTER VIEW v_above RENAME COLUMN data TO document');
SELECT error_of('ALTER VIEW v_above OWNER TO CURRENT_USER');
SELECT error_of('CREATE TRIGGER t BEFORE UPDATE ON tv_above FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()');
-- the view follows its table to another owner
CREATE ROLE direct_writes_owner;
GRANT USAGE, CREATE ON SCHEMA direct_writes TO direct_writes_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA direct_writes TO direct_writes_owner;
ALTER TABLE tv_above OWNER TO direct_writes_owner;
SELECT relname, relowner::regrole FROM pg_class WHERE relname IN ('tv_above', 'v_above') ORDER BY 1;
UPDATE tb_user SET name = lower(name);
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA direct_writes CASCADE;
SELECT assert_gone();
DROP ROLE direct_writes_owner;
