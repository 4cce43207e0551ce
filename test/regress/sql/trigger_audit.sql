-- trigger_audit - triggers that come, go or are switched off leave a trace, whoever does it and however.
\a \t
CREATE SCHEMA trigger_audit;
SET search_path = trigger_audit, public;
CREATE TABLE tb_x (pk_x int PRIMARY KEY, id uuid NOT NULL, name text) PARTITION BY RANGE (pk_x);
CREATE TABLE tb_x_1 PARTITION OF tb_x DEFAULT;
CREATE TABLE tv_x AS SELECT pk_x, id, to_jsonb(name) AS data FROM tb_x;
CREATE TABLE tv_y AS SELECT pk_x AS pk_y, id, data FROM tv_x;
CREATE TABLE other (a int);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER mine AFTER INSERT ON tb_x FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER mine AFTER INSERT ON other FOR EACH ROW EXECUTE FUNCTION nothing();
DELETE FROM pg_tview_audit_log;
-- None of ours
ALTER TABLE tb_x DISABLE TRIGGER mine;
ALTER TABLE other DISABLE TRIGGER ALL;
DROP TRIGGER mine ON other;
DROP TRIGGER IF EXISTS mine ON other;
DROP TRIGGER IF EXISTS mine ON nowhere;
ALTER TABLE tb_x_1 DISABLE TRIGGER tview_capture;
ALTER TABLE tb_x_1 ENABLE ALWAYS TRIGGER tview_capture;
ALTER TABLE tb_x DISABLE TRIGGER ALL, ENABLE TRIGGER USER;
ALTER TABLE tv_x DISABLE TRIGGER tview_guard;
DROP TRIGGER tview_truncate ON tb_x;
DROP TRIGGER tview_guard ON trigger_audit.tv_y;
BEGIN;
DROP TRIGGER tview_capture ON tb_x;
ROLLBACK;
SET pg_tviews.audit = off;
ALTER TABLE tv_x ENABLE TRIGGER ALL;
RESET pg_tviews.audit;
SELECT operation, entity, performed_by = current_user AS me, client_addr, details - 'session_user' AS details FROM pg_tview_audit_log ORDER BY log_id;
-- Names that a trigger of ours may have, given by hand
DELETE FROM pg_tview_audit_log;
CREATE FUNCTION news() RETURNS SETOF text LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM pg_tview_audit_log RETURNING *)
  SELECT concat_ws('|', operation, entity, performed_by, details ->> 'session_user' = session_user, details - 'session_user' - 'definition' - 'old_definition') FROM gone ORDER BY log_id $$;
ALTER TABLE tv_x DISABLE TRIGGER tview_guard_row;
ALTER TRIGGER tview_truncate ON tv_x RENAME TO mine;
ALTER TRIGGER mine ON tv_x RENAME TO tview_truncate;
DROP TRIGGER tview_truncate ON tv_x;
CREATE TRIGGER tview_truncate AFTER TRUNCATE ON tv_x EXECUTE FUNCTION public.pg_tviews_internal_capture();
CREATE TRIGGER mine AFTER INSERT ON tv_x FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT news();
-- Repairs
SELECT pg_tviews_reinstall_triggers();
SELECT news();
-- Creation, replacement, removal; by a role, in a function with the rights of another, rolled back
CREATE ROLE regress_audit;
CREATE ROLE regress_audit_definer;
GRANT ALL ON SCHEMA trigger_audit TO regress_audit, regress_audit_definer;
GRANT SELECT ON ALL TABLES IN SCHEMA trigger_audit TO regress_audit, regress_audit_definer;
CREATE TABLE tb_z (pk_z int PRIMARY KEY, id uuid, name text);
GRANT SELECT ON tb_z TO regress_audit, regress_audit_definer;
SET ROLE regress_audit;
CREATE TABLE tv_z AS SELECT pk_z, id, to_jsonb(name) AS data FROM tb_z;
CREATE TABLE tv_zz AS SELECT z.pk_z AS pk_zz, z.id, jsonb_build_object('z', z.data, 'x', x.data) AS data FROM tv_z z JOIN tv_x x ON x.pk_x = z.pk_z;
BEGIN;
SELECT pg_tviews_drop('zz');
ROLLBACK;
SELECT pg_tviews_replace('zz', $$SELECT z.pk_z AS pk_zz, z.id, jsonb_build_object('z', z.data) AS data FROM tv_z z$$);
SELECT pg_tviews_refresh('z');
ALTER TABLE tv_z DISABLE TRIGGER ALL;
RESET ROLE;
SELECT news();
CREATE FUNCTION definer() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = trigger_audit, public AS $$ SELECT pg_tviews_create('zd', 'SELECT pk_z AS pk_zd, id, to_jsonb(name) AS data FROM tb_z'); $$;
ALTER FUNCTION definer() OWNER TO regress_audit_definer;
SET ROLE regress_audit;
SELECT definer();
RESET ROLE;
SELECT news();
SET ROLE regress_audit;
SET client_min_messages = warning;
DROP VIEW v_z CASCADE;
RESET ROLE;
SELECT news();
DROP TABLE tv_zd;
SELECT news();
-- Partitions that come and go; a dropped base table
CREATE TABLE tb_x_2 (pk_x int PRIMARY KEY, id uuid NOT NULL, name text);
ALTER TABLE tb_x ATTACH PARTITION tb_x_2 FOR VALUES FROM (100) TO (200);
ALTER TABLE tb_x DETACH PARTITION tb_x_2;
CREATE TABLE tb_x_3 PARTITION OF tb_x FOR VALUES FROM (100) TO (200);
SELECT news();
DROP TABLE tb_x CASCADE;
SELECT news();
SET client_min_messages = warning;
DROP OWNED BY regress_audit, regress_audit_definer CASCADE;
DROP ROLE regress_audit, regress_audit_definer;
DROP SCHEMA trigger_audit CASCADE;
SELECT assert_gone();
