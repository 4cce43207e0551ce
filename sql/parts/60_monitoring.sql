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
