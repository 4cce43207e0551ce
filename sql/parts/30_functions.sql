-- 30_functions.sql - creating, changing and repairing TVIEWs. NULL for a required argument is an error everywhere.

-- pg_tviews_create(tview_name, select_sql [, if_not_exists] [, key_columns] [, options]) in all combinations. Several
-- functions, because PostgreSQL cannot choose between f(a, b) and f(a, b, c DEFAULT ...), and f(a, b) must exist.
CREATE FUNCTION pg_tviews_create(tview_name text, select_sql text) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_create';
CREATE FUNCTION pg_tviews_create(tview_name text, select_sql text, if_not_exists boolean,
                                 key_columns text[] DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_create';
CREATE FUNCTION pg_tviews_create(tview_name text, select_sql text, key_columns text[],
                                 options jsonb DEFAULT '{}') RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_create_with_key';
CREATE FUNCTION pg_tviews_create(tview_name text, select_sql text, options jsonb) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_create_with_options';
COMMENT ON FUNCTION pg_tviews_create(text, text) IS
    'creates TVIEW tv_<name> for a SELECT; returns the qualified name of the table';
COMMENT ON FUNCTION pg_tviews_create(text, text, boolean, text[], jsonb) IS
    'creates TVIEW tv_<name> for a SELECT; returns the qualified name of the table';
COMMENT ON FUNCTION pg_tviews_create(text, text, text[], jsonb) IS
    'creates TVIEW tv_<name> for a SELECT, with the key columns given; returns the qualified name of the table';
COMMENT ON FUNCTION pg_tviews_create(text, text, jsonb) IS
    'creates TVIEW tv_<name> for a SELECT, with options; returns the qualified name of the table';

CREATE FUNCTION pg_tviews_replace(tview_name text, select_sql text, options jsonb DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_replace';
COMMENT ON FUNCTION pg_tviews_replace(text, text, jsonb) IS
    'changes the definition of a TVIEW in place; returns unchanged, replaced or rebuilt';

CREATE FUNCTION pg_tviews_drop(tview_name text, if_exists boolean DEFAULT false, cascade boolean DEFAULT false)
    RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_drop';
COMMENT ON FUNCTION pg_tviews_drop(text, boolean, boolean) IS
    'drops a TVIEW whole; returns the qualified name of its table, NULL when there was none';

CREATE FUNCTION pg_tviews_convert_table(table_name text, select_sql text DEFAULT NULL) RETURNS text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_convert_table';
COMMENT ON FUNCTION pg_tviews_convert_table(text, text) IS
    'puts a TVIEW in the place of a materialized view or table; returns the qualified name of the table';

CREATE FUNCTION pg_tviews_ddl(script text) RETURNS SETOF text
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_ddl';
COMMENT ON FUNCTION pg_tviews_ddl(text) IS
    'runs CREATE [OR REPLACE] TVIEW, DROP TVIEW and REFRESH TVIEW statements; returns a line for each';

CREATE FUNCTION pg_tviews_refresh(tview text) RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_refresh';
COMMENT ON FUNCTION pg_tviews_refresh(text) IS
    'recomputes a TVIEW and applies the differences; returns the number of rows changed';

CREATE FUNCTION pg_tviews_refresh_all()
    RETURNS TABLE (entity text, rows_changed bigint, duration_ms double precision)
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_refresh_all';
COMMENT ON FUNCTION pg_tviews_refresh_all() IS
    'refreshes every TVIEW of the current user, sources first';

CREATE FUNCTION pg_tviews_verify(tview text DEFAULT NULL)
    RETURNS TABLE (entity text, missing bigint, extra bigint, different bigint, sample jsonb)
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_verify';
COMMENT ON FUNCTION pg_tviews_verify(text) IS
    'compares a TVIEW, or every one the user may read, with its definition; sample shows up to five keys that deviate';

CREATE FUNCTION pg_tviews_flush() RETURNS bigint
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_flush';
COMMENT ON FUNCTION pg_tviews_flush() IS
    'applies the pending changes of this transaction now; returns the number of rows written';


CREATE FUNCTION pg_tviews_suspend(tview text DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_suspend';
COMMENT ON FUNCTION pg_tviews_suspend(text) IS
    'until the end of the transaction, changes of what a TVIEW (NULL: any) reads lead to one full refresh';

CREATE FUNCTION pg_tviews_resume(tview text DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_resume';
COMMENT ON FUNCTION pg_tviews_resume(text) IS
    'ends pg_tviews_suspend() for a TVIEW (NULL: for all) and brings it up to date';

CREATE FUNCTION pg_tviews_reinstall_triggers(tview text DEFAULT NULL) RETURNS integer
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_reinstall_triggers';
COMMENT ON FUNCTION pg_tviews_reinstall_triggers(text) IS
    'repairs the triggers of a TVIEW, or of all of the current user, and refreshes what may have missed changes; returns their number';

CREATE FUNCTION pg_tviews_set_replica_maintenance(tview text, enabled boolean) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_set_replica_maintenance';
COMMENT ON FUNCTION pg_tviews_set_replica_maintenance(text, boolean) IS
    'on a subscriber: whether a TVIEW is maintained when logical replication changes its base tables';

CREATE FUNCTION pg_tviews_install_stmt_triggers() RETURNS integer
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_install_stmt_triggers';
COMMENT ON FUNCTION pg_tviews_install_stmt_triggers() IS
    'captures changes of the current user''s base tables by statement instead of row by row; returns the number of triggers installed';

CREATE FUNCTION pg_tviews_uninstall_stmt_triggers() RETURNS integer
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_uninstall_stmt_triggers';
COMMENT ON FUNCTION pg_tviews_uninstall_stmt_triggers() IS
    'puts row triggers back on the current user''s base tables; returns the number of statement triggers removed';

CREATE FUNCTION pg_tviews_flush_and_report(max_entities integer DEFAULT 500, include_data boolean DEFAULT true)
    RETURNS jsonb
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_flush_and_report';
COMMENT ON FUNCTION pg_tviews_flush_and_report(integer, boolean) IS
    'applies pending changes and tells which documents this transaction has changed';

CREATE FUNCTION pg_tviews_cascade(base_table_oid oid, pk_value bigint) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_cascade';
COMMENT ON FUNCTION pg_tviews_cascade(oid, bigint) IS
    'refreshes what depends on a row of a base table, as after an update of all its columns';

CREATE FUNCTION pg_tviews_insert(base_table_oid oid, pk_value bigint) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_insert';
COMMENT ON FUNCTION pg_tviews_insert(oid, bigint) IS 'refreshes what depends on a row that was inserted';

CREATE FUNCTION pg_tviews_delete(base_table_oid oid, pk_value bigint) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_delete';
COMMENT ON FUNCTION pg_tviews_delete(oid, bigint) IS 'refreshes what depends on a row that is being, or was, deleted';
