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
