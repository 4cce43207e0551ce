-- rights - owners of TVIEWs and writers of base tables trust each other with nothing: neither can run code as the other.
\a \t
\set SHOW_CONTEXT never
CREATE ROLE regress_mallory;
CREATE ROLE regress_victim;
CREATE ROLE regress_rights_dba SUPERUSER;
SET ROLE regress_rights_dba;
CREATE SCHEMA rights;
CREATE SCHEMA mallory AUTHORIZATION regress_mallory;
GRANT USAGE ON SCHEMA rights, mallory TO regress_mallory, regress_victim;
CREATE TABLE rights.tb_doc (pk_doc int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO rights.tb_doc VALUES (1, uid(1), 'one');
GRANT SELECT ON rights.tb_doc TO regress_mallory;
GRANT SELECT, UPDATE ON rights.tb_doc TO regress_victim;
-- A malicious owner, who may only read the table. Who runs his code, and what may it do? The log says it.
SET ROLE regress_mallory;
SET search_path = mallory, public;
CREATE TABLE log (n int GENERATED ALWAYS AS IDENTITY, what text, as_whom text DEFAULT current_user);
CREATE FUNCTION spy(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE '% runs as %', what, current_user; RETURN true; END $$;
CREATE FUNCTION spy_eq(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN mallory.spy('operator') AND $1 = $2; END $$;
CREATE OPERATOR === (FUNCTION = spy_eq, LEFTARG = text, RIGHTARG = text, HASHES, MERGES);
CREATE DOMAIN spied AS text CHECK (mallory.spy('domain'));
CREATE TABLE tv_doc AS SELECT pk_doc, id, to_jsonb(name::mallory.spied) AS data FROM rights.tb_doc WHERE mallory.spy('filter') AND name === name;
ALTER TABLE tv_doc ADD CONSTRAINT spied CHECK (mallory.spy('constraint'));
ALTER TABLE tv_doc ADD COLUMN length int GENERATED ALWAYS AS (CASE WHEN mallory.spy('generated column') THEN length(data::text) END) STORED;
CREATE INDEX ON tv_doc (mallory.spy('index'));
CREATE FUNCTION now_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM mallory.spy('trigger'); RETURN NULL; END $$;
CREATE TRIGGER now_trigger AFTER UPDATE ON tv_doc FOR EACH ROW EXECUTE FUNCTION now_trigger();
RESET ROLE;
SET search_path = rights, public;
UPDATE rights.tb_doc SET name = 'two';
SELECT data FROM mallory.tv_doc;
-- A deferred trigger would run at commit, as the writer.
SET ROLE regress_mallory;
SET search_path = mallory, public;
DROP TRIGGER now_trigger ON tv_doc;
CREATE CONSTRAINT TRIGGER late_trigger AFTER UPDATE ON tv_doc DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION now_trigger();
RESET ROLE;
SET client_min_messages = warning;
UPDATE rights.tb_doc SET name = 'three';
SET ROLE regress_victim;
UPDATE rights.tb_doc SET name = 'three';
SET ROLE regress_mallory;
DROP TRIGGER late_trigger ON tv_doc;
CREATE TABLE sink (a int);
CREATE CONSTRAINT TRIGGER late_trigger AFTER INSERT ON sink DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION now_trigger();
CREATE FUNCTION into_sink() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO mallory.sink VALUES (1); RETURN NULL; END $$;
CREATE TRIGGER into_sink AFTER UPDATE ON tv_doc FOR EACH ROW EXECUTE FUNCTION into_sink();
RESET ROLE;
UPDATE rights.tb_doc SET name = 'four';
-- Nor can he leave something behind in the session: temporary views, statements, cursors, settings, another role.
SET ROLE regress_mallory;
DROP TRIGGER into_sink ON tv_doc;
CREATE FUNCTION leave() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE (SELECT command FROM mallory.command); RETURN NULL; END $$;
CREATE TRIGGER leave AFTER UPDATE ON tv_doc FOR EACH ROW EXECUTE FUNCTION leave();
CREATE TABLE command (command text);
INSERT INTO command VALUES ('CREATE TEMP VIEW pg_class AS SELECT mallory.spy(''trap'')');
RESET ROLE;
UPDATE rights.tb_doc SET name = 'five';
UPDATE mallory.command SET command = 'PREPARE trap AS SELECT 1';
UPDATE rights.tb_doc SET name = 'five';
UPDATE mallory.command SET command = 'SET SESSION AUTHORIZATION DEFAULT';
UPDATE rights.tb_doc SET name = 'five';
UPDATE mallory.command SET command = 'SET ROLE regress_rights_dba';
UPDATE rights.tb_doc SET name = 'five';
SET search_path = rights, public;
UPDATE mallory.command SET command = 'SET search_path = mallory';
UPDATE rights.tb_doc SET name = 'six';
SHOW search_path;
BEGIN;
UPDATE rights.tb_doc SET name = 'seven';
SELECT data FROM mallory.tv_doc;
SHOW search_path;
COMMIT;
SHOW search_path;
SET ROLE regress_mallory;
DROP TABLE tv_doc;
RESET ROLE;
-- A malicious writer: what he has in his search_path, or as temporary tables, is not what the owner's triggers mean.
SET ROLE regress_rights_dba;
SET search_path = rights, public;
CREATE TABLE audit (n int GENERATED ALWAYS AS IDENTITY, who text);
CREATE FUNCTION note(text) RETURNS void LANGUAGE sql AS $$ INSERT INTO rights.audit (who) VALUES ($1) $$;
CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM note(current_user); RETURN NULL; END $$;
CREATE TABLE tv_doc AS SELECT pk_doc, id, to_jsonb(name) AS data FROM tb_doc;
CREATE TRIGGER audited AFTER UPDATE ON tv_doc FOR EACH ROW EXECUTE FUNCTION audited();
UPDATE tb_doc SET name = 'eight';
CREATE SCHEMA trap AUTHORIZATION regress_victim;
SET ROLE regress_victim;
CREATE FUNCTION trap.note(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trapped: %', current_user; END $$;
CREATE FUNCTION trap.upper(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'trapped: %', current_user; RETURN ''; END $$;
SET search_path = trap, pg_catalog;
CREATE TEMP TABLE tb_doc (pk_doc int, id uuid, name text);
CREATE TEMP TABLE tv_doc (pk_doc int, id uuid, data jsonb);
UPDATE rights.tb_doc SET name = 'nine';
SET ROLE regress_rights_dba;
ALTER FUNCTION rights.audited() SET search_path = rights, pg_temp;
SET ROLE regress_victim;
UPDATE rights.tb_doc SET name = 'ten';
SET ROLE regress_rights_dba;
SELECT who FROM rights.audit ORDER BY n;
SET search_path = rights, public;
SELECT assert_exact('rights.tv_doc');
-- Functions of the extension: none runs with other rights than its caller's, none of the internal ones can be called.
SELECT p.proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_tviews'
 WHERE p.prosecdef OR p.proname !~ '^pg_tviews_'
    OR ((p.proname ~ 'internal' OR p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype))
        AND has_function_privilege('regress_victim', p.oid, 'EXECUTE')) ORDER BY 1;
SELECT c.relname FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_tviews'
 WHERE c.relkind IN ('r', 'v') AND has_table_privilege('regress_victim', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER') ORDER BY 1;
SELECT proname FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_tviews'
 WHERE p.proname ~ 'internal' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) ORDER BY 1;
-- TVIEWs of others, and objects of the extension
SET ROLE regress_mallory;
SET search_path = public;
SELECT error_of('SELECT pg_tviews_refresh(''rights.doc'')');
SELECT error_of('SELECT pg_tviews_replace(''rights.doc'', ''SELECT 1'')');
SELECT error_of('SELECT pg_tviews_drop(''rights.doc'', true, true)');
SELECT error_of('SELECT pg_tviews_ddl(''CREATE OR REPLACE TVIEW rights.doc AS SELECT 1'')');
SELECT error_of('SELECT pg_tviews_ddl(''DROP TVIEW rights.doc'')');
SELECT error_of('SELECT pg_tviews_ddl(''REFRESH TVIEW rights.doc'')');
SELECT error_of('SELECT * FROM pg_tviews_verify(''rights.doc'')');
SELECT error_of('SELECT pg_tviews_reinstall_triggers(''rights.doc'')');
SELECT error_of('SELECT pg_tviews_create(''rights.mine'', ''SELECT pk_doc AS pk_mine, id, to_jsonb(name) AS data FROM rights.tb_doc'')');
SELECT error_of('SELECT * FROM pg_tviews_refresh_all()');
SELECT error_of('DROP VIEW rights.v_doc');
SELECT error_of('DROP TRIGGER tview_capture ON rights.tb_doc');
SELECT error_of('CREATE TRIGGER mine AFTER INSERT ON mallory.sink FOR EACH ROW EXECUTE FUNCTION pg_tviews_internal_capture()');
SELECT error_of('SET pg_tviews.audit = off');
SELECT error_of('DELETE FROM pg_tview_audit_log');
SELECT error_of('DROP EVENT TRIGGER pg_tviews_sql_drop');
RESET ROLE;
SET client_min_messages = warning;
DROP TABLE pg_temp.tb_doc, pg_temp.tv_doc;
DROP SCHEMA rights, mallory, trap CASCADE;
SELECT assert_gone();
DROP ROLE regress_mallory, regress_victim, regress_rights_dba;
