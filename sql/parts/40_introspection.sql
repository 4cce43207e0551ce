-- 40_introspection.sql - versions, error codes, structure.

CREATE FUNCTION pg_tviews_version() RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pg_tviews_version';
COMMENT ON FUNCTION pg_tviews_version() IS 'version of pg_tviews installed in this database';

CREATE FUNCTION pg_tviews_check_jsonb_delta() RETURNS boolean
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pg_tviews_check_jsonb_delta';
COMMENT ON FUNCTION pg_tviews_check_jsonb_delta() IS 'is the extension jsonb_delta installed in this database?';

CREATE FUNCTION pg_tviews_check_jsonb_ivm() RETURNS boolean
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'pg_tviews_check_jsonb_delta';
COMMENT ON FUNCTION pg_tviews_check_jsonb_ivm() IS 'the former name of pg_tviews_check_jsonb_delta()';

CREATE FUNCTION pg_tviews_error_codes() RETURNS TABLE (sqlstate text, name text, message text)
    LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'pg_tviews_error_codes';
COMMENT ON FUNCTION pg_tviews_error_codes() IS 'the SQLSTATEs of pg_tviews';

CREATE FUNCTION pg_tviews_show_cascade_path(entity text)
    RETURNS TABLE (depth integer, entity_name text, depends_on text, dependency_type text)
    LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'pg_tviews_show_cascade_path';
COMMENT ON FUNCTION pg_tviews_show_cascade_path(text) IS
    'what a TVIEW reads (depth 0) and the TVIEWs that are built on it (depth 1 and up)';

CREATE FUNCTION pg_tviews_infer_types(table_name text, columns text[]) RETURNS jsonb
    LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'pg_tviews_infer_types';
COMMENT ON FUNCTION pg_tviews_infer_types(text, text[]) IS 'types of columns of a table, as a JSON object';

CREATE FUNCTION pg_tviews_analyze_select(sql text) RETURNS jsonb
    LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'pg_tviews_analyze_select';
COMMENT ON FUNCTION pg_tviews_analyze_select(text) IS
    'what a SELECT would be as a TVIEW: columns by role, sources, strategies, refusal, advice';

CREATE FUNCTION pg_tviews_explain(tview text) RETURNS SETOF text
    LANGUAGE c STABLE STRICT ROWS 20 AS 'MODULE_PATHNAME', 'pg_tviews_explain';
COMMENT ON FUNCTION pg_tviews_explain(text) IS 'the maintenance program of a TVIEW, one line of text a row';

CREATE FUNCTION pg_tviews_queue_stats() RETURNS jsonb
    LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'pg_tviews_queue_stats';
COMMENT ON FUNCTION pg_tviews_queue_stats() IS
    'what is pending in this transaction, and what this session has patched and assembled so far';

CREATE FUNCTION pg_tviews_suggest_indexes(entity_name text)
    RETURNS TABLE (index_suggestion text, reason text)
    LANGUAGE c STABLE STRICT ROWS 5 AS 'MODULE_PATHNAME', 'pg_tviews_suggest_indexes';
COMMENT ON FUNCTION pg_tviews_suggest_indexes(text) IS 'indexes on base tables that maintenance would use';

CREATE FUNCTION pg_tviews_health_check()
    RETURNS TABLE (status text, component text, message text, severity text, check_name text, details jsonb)
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_health_check';
COMMENT ON FUNCTION pg_tviews_health_check() IS
    'is everything as it should be? changes nothing, reads no rows of tables; status is OK, WARNING or ERROR';

CREATE FUNCTION pg_tviews_analyze_cascade(entity text, pk_value bigint) RETURNS TABLE (query_plan text)
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_analyze_cascade';
COMMENT ON FUNCTION pg_tviews_analyze_cascade(text, bigint) IS
    'EXPLAIN (ANALYZE, BUFFERS) of recomputing one row of a TVIEW';
