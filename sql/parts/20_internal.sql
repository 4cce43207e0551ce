-- 20_internal.sql - functions that PostgreSQL calls, not users: triggers and event triggers.

-- AFTER ROW and AFTER TRUNCATE on base tables: queues what the change makes stale.
CREATE FUNCTION pg_tviews_internal_capture() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_internal_capture';

-- BEFORE STATEMENT and BEFORE ROW on TVIEWs: refuses direct writes (TV104), leaves out the rows of a dump.
CREATE FUNCTION pg_tviews_internal_guard() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_internal_guard';

-- AFTER STATEMENT on pg_tview_meta: takes notice of rows that came by COPY (a restore) or by hand.
CREATE FUNCTION pg_tviews_internal_meta_changed() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_internal_meta_changed';

-- BEFORE INSERT on the extension's tables: lets a dump be read back where they have rows already.
CREATE FUNCTION pg_tviews_internal_replayed_row() RETURNS trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_internal_replayed_row';

CREATE FUNCTION pg_tviews_internal_ddl_start() RETURNS event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_internal_ddl_start';
CREATE FUNCTION pg_tviews_internal_ddl_end() RETURNS event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_internal_ddl_end';
CREATE FUNCTION pg_tviews_internal_sql_drop() RETURNS event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_internal_sql_drop';

REVOKE EXECUTE ON FUNCTION
    pg_tviews_internal_capture(), pg_tviews_internal_guard(), pg_tviews_internal_meta_changed(),
    pg_tviews_internal_replayed_row(),
    pg_tviews_internal_ddl_start(), pg_tviews_internal_ddl_end(), pg_tviews_internal_sql_drop()
    FROM PUBLIC;

CREATE TRIGGER pg_tviews_meta_changed
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON pg_tview_meta
    FOR EACH STATEMENT EXECUTE FUNCTION pg_tviews_internal_meta_changed();
CREATE TRIGGER pg_tviews_replayed_row
    BEFORE INSERT ON pg_tview_meta
    FOR EACH ROW EXECUTE FUNCTION pg_tviews_internal_replayed_row();
CREATE TRIGGER pg_tviews_replayed_row
    BEFORE INSERT ON pg_tview_audit_log
    FOR EACH ROW EXECUTE FUNCTION pg_tviews_internal_replayed_row();
ALTER TABLE pg_tview_meta ENABLE ALWAYS TRIGGER pg_tviews_meta_changed, ENABLE ALWAYS TRIGGER pg_tviews_replayed_row;
ALTER TABLE pg_tview_audit_log ENABLE ALWAYS TRIGGER pg_tviews_replayed_row;

