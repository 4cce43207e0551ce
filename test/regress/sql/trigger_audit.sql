-- trigger_audit - who switches off or drops a trigger of a TVIEW leaves a trace.
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
SET client_min_messages = warning;
DROP SCHEMA trigger_audit CASCADE;
SELECT assert_gone();
