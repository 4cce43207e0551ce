-- 60_monitoring.sql - what pg_tviews is doing.

-- Running creations and full refreshes of this database. They publish their state as locks in the form of advisory locks
-- whose fourth field is 21248 to 21295; src/refresh/progress.cpp says what they mean.
CREATE VIEW pg_tviews_progress AS
WITH state AS MATERIALIZED (
    SELECT l.pid, l.classid AS table_oid, l.objsubid AS number, l.objid::bigint AS value
      FROM pg_catalog.pg_locks l
     WHERE l.locktype = 'advisory' AND l.objsubid BETWEEN 21248 AND 21295
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
)
SELECT pid,
       convert_from(btrim(string_agg(decode(lpad(to_hex(value), 8, '0'), 'hex'), '' ORDER BY number)
                              FILTER (WHERE number >= 21280), '\x00'), getdatabaseencoding()) AS entity,
       (ARRAY['waiting for locks', 'populating', 'building indexes', 'comparing', 'writing'])
           [max(number) FILTER (WHERE number BETWEEN 21264 AND 21279) - 21263] AS phase,
       max(value) FILTER (WHERE number BETWEEN 21264 AND 21279) AS rows_done,
       greatest(max(value) FILTER (WHERE number BETWEEN 21264 AND 21279),
                max(value) FILTER (WHERE number = 21249)) AS rows_total, -- an estimate
       timestamptz '2000-01-01 00:00:00+00' + max(value) FILTER (WHERE number = 21248) * interval '1 second' AS started_at,
       table_oid
  FROM state
 GROUP BY pid, table_oid;
COMMENT ON VIEW pg_tviews_progress IS 'running creations and full refreshes of TVIEWs';
GRANT SELECT ON pg_tviews_progress TO PUBLIC;

-- What is pending in this transaction.
CREATE FUNCTION pg_tviews_queue_realtime(OUT session text, OUT entity text, OUT pk bigint, OUT depth integer,
                                         OUT queued_at timestamptz, OUT enqueued timestamptz, OUT kind text,
                                         OUT value text) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_queue_realtime';
COMMENT ON FUNCTION pg_tviews_queue_realtime() IS 'pending items of this transaction, for the view of this name';

CREATE VIEW pg_tviews_queue_realtime AS
SELECT q.session,
       pg_backend_pid()                                    AS backend_pid,
       pg_current_xact_id_if_assigned()::text::bigint      AS transaction_id,
       (count(*) OVER ())::integer                         AS queue_size,
       ARRAY(SELECT DISTINCT e.entity FROM pg_tviews_queue_realtime() e ORDER BY e.entity) AS entities,
       max(q.enqueued) OVER ()                             AS last_enqueued,
       q.entity,
       q.pk,
       q.depth,
       q.queued_at,
       q.kind,
       q.value
  FROM pg_tviews_queue_realtime() q;
COMMENT ON VIEW pg_tviews_queue_realtime IS 'what is queued in this transaction and not yet in the TVIEWs';
GRANT SELECT ON pg_tviews_queue_realtime TO PUBLIC;

CREATE FUNCTION pg_tviews_debug_queue() RETURNS jsonb
    LANGUAGE sql
BEGIN ATOMIC
    SELECT jsonb_build_object('queue_size', coalesce(sum(e.items), 0),
                              'entities', coalesce(jsonb_object_agg(e.entity, e.content), '{}'))
      FROM (SELECT k.entity, sum(k.items) AS items,
                   jsonb_object_agg(k.kind, CASE WHEN k.kind = 'all' THEN 'true'::jsonb ELSE k.list END) AS content
              FROM (SELECT q.entity, q.kind, count(*) AS items, jsonb_agg(q.value ORDER BY q.pk, q.value) AS list
                      FROM pg_tviews_queue_realtime() q
                     GROUP BY q.entity, q.kind) k
             GROUP BY k.entity) e;
END;
COMMENT ON FUNCTION pg_tviews_debug_queue() IS 'what is queued in this transaction, by TVIEW and kind, as JSON';

-- The caches of this session.
CREATE FUNCTION pg_tviews_cache_stats(OUT cache_type text, OUT entries bigint, OUT bytes bigint, OUT hits bigint,
                                      OUT misses bigint, OUT evictions bigint) RETURNS SETOF record
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_cache_stats';
COMMENT ON FUNCTION pg_tviews_cache_stats() IS 'the caches of this session, for the view of this name';

CREATE VIEW pg_tviews_cache_stats AS
SELECT c.cache_type,
       c.entries,
       pg_size_pretty(c.bytes) AS estimated_size,
       c.hits,
       c.misses,
       c.evictions,
       c.hits                  AS cache_hits,
       c.misses                AS cache_misses,
       c.bytes
  FROM pg_tviews_cache_stats() c;
COMMENT ON VIEW pg_tviews_cache_stats IS 'what this session has cached about TVIEWs, and how often that has helped';
GRANT SELECT ON pg_tviews_cache_stats TO PUBLIC;

-- What refreshes have done, since the server started or the counters were reset. In shared memory, for all databases.
CREATE FUNCTION pg_tviews_stats(OUT table_oid oid, OUT flushes bigint, OUT keys_affected bigint,
                                OUT rows_inserted bigint, OUT rows_updated bigint, OUT rows_deleted bigint,
                                OUT rows_unchanged bigint, OUT patched bigint, OUT recomputed bigint,
                                OUT full_refreshes bigint, OUT lock_waits bigint, OUT errors bigint,
                                OUT cache_misses bigint, OUT timed_flushes bigint,
                                OUT total_time_ms double precision, OUT max_time_ms double precision,
                                OUT last_refresh timestamptz, OUT stats_reset timestamptz) RETURNS SETOF record
    LANGUAGE c PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pg_tviews_stats';
COMMENT ON FUNCTION pg_tviews_stats() IS 'counters of TVIEWs, for the view of this name';

CREATE VIEW pg_tviews_stats AS
SELECT m.entity,
       m.table_oid,
       coalesce(s.flushes, 0)        AS flushes,
       coalesce(s.keys_affected, 0)  AS keys_affected,
       coalesce(s.rows_inserted + s.rows_updated, 0) AS rows_written,
       coalesce(s.rows_inserted, 0)  AS rows_inserted,
       coalesce(s.rows_updated, 0)   AS rows_updated,
       coalesce(s.rows_deleted, 0)   AS rows_deleted,
       coalesce(s.rows_unchanged, 0) AS rows_unchanged,
       coalesce(s.patched, 0)        AS patched,
       coalesce(s.recomputed, 0)     AS recomputed,
       coalesce(s.full_refreshes, 0) AS full_refreshes,
       coalesce(s.lock_waits, 0)     AS lock_waits,
       coalesce(s.errors, 0)         AS errors,
       coalesce(s.cache_misses, 0)   AS cache_misses,
       coalesce(s.timed_flushes, 0)  AS timed_flushes,
       coalesce(s.total_time_ms, 0)  AS total_time_ms,
       coalesce(s.max_time_ms, 0)    AS max_time_ms,
       s.last_refresh,
       s.stats_reset
  FROM pg_tview_meta m
  LEFT JOIN pg_tviews_stats() s ON s.table_oid = m.table_oid;
COMMENT ON VIEW pg_tviews_stats IS 'what refreshes of each TVIEW have done since stats_reset';
GRANT SELECT ON pg_tviews_stats TO PUBLIC;

CREATE FUNCTION pg_tviews_stats_reset(tview text DEFAULT NULL) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'pg_tviews_stats_reset';
COMMENT ON FUNCTION pg_tviews_stats_reset(text) IS 'begins to count anew in pg_tviews_stats, for one TVIEW or all';
REVOKE EXECUTE ON FUNCTION pg_tviews_stats_reset(text) FROM PUBLIC;

-- The last 24 hours, from the same memory.
CREATE FUNCTION pg_tviews_performance_summary(OUT table_oid oid, OUT hour timestamptz, OUT total_refreshes bigint,
                                              OUT avg_refresh_ms double precision,
                                              OUT max_refresh_ms double precision,
                                              OUT p95_refresh_ms double precision, OUT last_refresh timestamptz,
                                              OUT queue_size bigint, OUT cache_hits bigint,
                                              OUT cache_misses bigint) RETURNS SETOF record
    LANGUAGE c PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'pg_tviews_performance_summary';
COMMENT ON FUNCTION pg_tviews_performance_summary() IS 'refreshes of TVIEWs by hour, for the view of this name';

CREATE VIEW pg_tviews_performance_summary AS
SELECT s.hour,
       m.entity,
       s.total_refreshes,
       s.avg_refresh_ms,
       s.max_refresh_ms,
       s.p95_refresh_ms,
       s.avg_refresh_ms AS refresh_duration_ms,
       s.last_refresh,
       s.queue_size,
       s.cache_hits,
       s.cache_misses,
       m.table_oid
  FROM pg_tviews_performance_summary() s
  JOIN pg_tview_meta m ON m.table_oid = s.table_oid;
COMMENT ON VIEW pg_tviews_performance_summary IS 'refreshes of TVIEWs in each of the last 24 hours';
GRANT SELECT ON pg_tviews_performance_summary TO PUBLIC;

-- History: samples of pg_tviews_stats, taken by whoever calls pg_tviews_sample_metrics(). Not dumped.
CREATE TABLE pg_tviews_metrics (
    recorded_at    timestamptz      NOT NULL DEFAULT clock_timestamp(),
    entity         text             NOT NULL,
    table_oid      oid              NOT NULL,
    flushes        bigint           NOT NULL,                     -- these are sums since stats_reset
    keys_affected  bigint           NOT NULL,
    rows_inserted  bigint           NOT NULL,
    rows_updated   bigint           NOT NULL,
    rows_deleted   bigint           NOT NULL,
    rows_unchanged bigint           NOT NULL,
    patched        bigint           NOT NULL,
    recomputed     bigint           NOT NULL,
    full_refreshes bigint           NOT NULL,
    lock_waits     bigint           NOT NULL,
    errors         bigint           NOT NULL,
    cache_misses   bigint           NOT NULL,
    timed_flushes  bigint           NOT NULL,
    total_time_ms  double precision NOT NULL,
    max_time_ms    double precision NOT NULL,
    last_refresh   timestamptz,
    stats_reset    timestamptz
);
CREATE INDEX pg_tviews_metrics_recorded_at_idx ON pg_tviews_metrics (recorded_at);
COMMENT ON TABLE pg_tviews_metrics IS 'samples of pg_tviews_stats, taken by pg_tviews_sample_metrics()';
GRANT SELECT ON pg_tviews_metrics TO PUBLIC;
GRANT INSERT, DELETE ON pg_tviews_metrics TO pg_monitor;              -- for the functions below

CREATE FUNCTION pg_tviews_sample_metrics() RETURNS bigint
    LANGUAGE sql
BEGIN ATOMIC
    WITH sample AS (
        INSERT INTO pg_tviews_metrics (entity, table_oid, flushes, keys_affected, rows_inserted, rows_updated,
                                       rows_deleted, rows_unchanged, patched, recomputed, full_refreshes,
                                       lock_waits, errors, cache_misses, timed_flushes, total_time_ms,
                                       max_time_ms, last_refresh, stats_reset)
        SELECT s.entity, s.table_oid, s.flushes, s.keys_affected, s.rows_inserted, s.rows_updated, s.rows_deleted,
               s.rows_unchanged, s.patched, s.recomputed, s.full_refreshes, s.lock_waits, s.errors, s.cache_misses,
               s.timed_flushes, s.total_time_ms, s.max_time_ms, s.last_refresh, s.stats_reset
          FROM pg_tviews_stats s
        RETURNING 1
    )
    SELECT count(*) FROM sample;
END;
COMMENT ON FUNCTION pg_tviews_sample_metrics() IS 'adds a row for each TVIEW to pg_tviews_metrics; returns how many';

CREATE FUNCTION pg_tviews_cleanup_metrics(days integer DEFAULT 7) RETURNS bigint
    LANGUAGE c SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'pg_tviews_cleanup_metrics';
COMMENT ON FUNCTION pg_tviews_cleanup_metrics(integer) IS
    'removes rows of pg_tviews_metrics that are older than so many days; returns how many';

CREATE FUNCTION pg_tviews_profile(tview text DEFAULT NULL)
    RETURNS TABLE (entity text, table_oid regclass, row_count bigint, total_bytes bigint, table_bytes bigint,
                   toast_bytes bigint, index_bytes bigint, bytes_per_row double precision, updates bigint,
                   hot_ratio double precision, dead_rows bigint, unused_indexes text[], missing_indexes text[],
                   fan_out double precision, warnings text[])
    LANGUAGE c ROWS 20 AS 'MODULE_PATHNAME', 'pg_tviews_profile';
COMMENT ON FUNCTION pg_tviews_profile(text) IS 'size and wear of a TVIEW, or of all, with warnings';
