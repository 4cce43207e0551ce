-- 50_two_phase.sql - prepared transactions.

-- Prepared transactions of this database. queue_size is 0 for each: PREPARE TRANSACTION has flushed. status: 'flushed'
-- when the transaction has changed TVIEWs and holds locks on their documents, 'unrelated' otherwise. 21504 to 24575 is the
-- range of the fourth field of our lock tags (src/refresh/locks.cpp).
CREATE FUNCTION pg_tviews_recover_prepared_transactions()
    RETURNS TABLE (gid text, queue_size integer, status text)
    LANGUAGE sql STABLE SET search_path = pg_catalog
BEGIN ATOMIC
    SELECT p.gid, 0,
           CASE WHEN EXISTS (SELECT FROM pg_locks x JOIN pg_locks l USING (virtualtransaction)
                              WHERE x.locktype = 'transactionid' AND x.transactionid = p.transaction
                                AND x.pid IS NULL AND l.pid IS NULL AND l.locktype = 'advisory'
                                AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                                AND l.objsubid BETWEEN 21504 AND 24575)
                THEN 'flushed' ELSE 'unrelated' END
      FROM pg_prepared_xacts p
     WHERE p.database = current_database()
     ORDER BY p.prepared, p.gid;
END;
COMMENT ON FUNCTION pg_tviews_recover_prepared_transactions() IS
    'prepared transactions of this database and whether they have changed TVIEWs; nothing has to be done for them';

CREATE FUNCTION pg_tviews_commit_prepared(gid text) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'pg_tviews_commit_prepared';
COMMENT ON FUNCTION pg_tviews_commit_prepared(text) IS 'always an error that names the command to run';

CREATE FUNCTION pg_tviews_rollback_prepared(gid text) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'pg_tviews_rollback_prepared';
COMMENT ON FUNCTION pg_tviews_rollback_prepared(text) IS 'always an error that names the command to run';

-- The queue lives in the memory of its transaction and ends with it: there is nothing that could expire.
CREATE FUNCTION pg_tviews_cleanup_expired_queues() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 0;
COMMENT ON FUNCTION pg_tviews_cleanup_expired_queues() IS 'always 0: queues end with their transactions';
