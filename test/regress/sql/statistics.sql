-- statistics.sql - pg_tviews_stats and what stands on it: what is counted, and that it is exact.
\set VERBOSITY terse
CREATE SCHEMA statistics;
SET search_path = statistics, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int, title text);
INSERT INTO tb_user SELECT i, gen_random_uuid(), 'user ' || i FROM generate_series(1, 10) i;
INSERT INTO tb_post SELECT i, gen_random_uuid(), 1 + i % 10, 'post ' || i FROM generate_series(1, 100) i;
CREATE TABLE tv_statuser AS SELECT pk_user AS pk_statuser, id, jsonb_build_object('name', name) AS data FROM tb_user;
CREATE TABLE tv_statpost AS SELECT pk_post AS pk_statpost, p.id, fk_user, jsonb_build_object('title', title, 'author', u.data) AS data
  FROM tb_post p JOIN tv_statuser u ON pk_statuser = fk_user;
CREATE VIEW counted AS
SELECT entity, flushes, keys_affected AS keys, rows_written AS written, rows_inserted AS ins, rows_updated AS upd, rows_deleted AS del,
       rows_unchanged AS same, patched, recomputed AS recomp, full_refreshes AS "full", lock_waits AS waits, errors, timed_flushes AS timed
  FROM pg_tviews_stats WHERE table_oid::text LIKE '%tv_stat%' ORDER BY entity;

-- Before the first refresh.
SELECT *, (SELECT count(stats_reset) + count(last_refresh) FROM pg_tviews_stats WHERE entity LIKE 'stat%') AS times FROM counted;
-- A cascade, with patches; a change that no TVIEW shows; one of a column that none reads.
UPDATE tb_user SET name = 'a' WHERE pk_user = 1;
TABLE counted;
UPDATE tb_user SET name = 'a' WHERE pk_user = 1;
UPDATE tb_post SET title = title WHERE pk_post = 1;
TABLE counted;
-- Rows that come and go, and one that changes back before the transaction ends.
INSERT INTO tb_post VALUES (1000, default, 1, 'new'), (1001, default, 1, 'new');
DELETE FROM tb_post WHERE pk_post = 1000;
BEGIN;
UPDATE tb_post SET title = 'another' WHERE pk_post = 1001;
UPDATE tb_post SET title = 'new' WHERE pk_post = 1001;
COMMIT;
SELECT * FROM counted WHERE entity = 'statpost';
-- Two flushes in one transaction, because it reads; what is rolled back has been done all the same.
BEGIN;
UPDATE tb_post SET title = 'b' WHERE pk_post <= 3;
SELECT count(*) FROM tv_statpost WHERE data ->> 'title' = 'b';
UPDATE tb_post SET title = 'c' WHERE pk_post <= 3;
SELECT count(*) FROM tv_statpost WHERE data ->> 'title' = 'c';
ROLLBACK;
SELECT * FROM counted WHERE entity = 'statpost';
-- Recomputed, not patched; a full refresh.
SET pg_tviews.enable_patch = off;
UPDATE tb_post SET title = 'd' WHERE pk_post <= 3;
RESET pg_tviews.enable_patch;
SELECT pg_tviews_refresh('statpost');
SELECT * FROM counted WHERE entity = 'statpost';
SELECT last_refresh BETWEEN stats_reset - interval '1 minute' AND clock_timestamp() AS recently FROM pg_tviews_stats WHERE entity LIKE 'stat%';

-- Nothing is counted, or also how long it takes.
SET pg_tviews.track = none;
UPDATE tb_post SET title = 'e' WHERE pk_post <= 3;
SELECT flushes, timed FROM counted WHERE entity = 'statpost';
SET pg_tviews.track = 'all';
UPDATE tb_post SET title = 'f' WHERE pk_post <= 3;
SELECT flushes, timed FROM counted WHERE entity = 'statpost';
SELECT total_time_ms > 0 AND total_time_ms = max_time_ms AS timed FROM pg_tviews_stats WHERE entity = 'statpost';
SELECT entity, sum(total_refreshes) AS refreshes, max(queue_size) AS queue_size, sum(cache_hits + cache_misses) AS cache,
       bool_or(avg_refresh_ms > 0) AS avg, bool_and(avg_refresh_ms <= max_refresh_ms) AS max, bool_and(p95_refresh_ms <= max_refresh_ms) AS p95,
       bool_and(refresh_duration_ms = avg_refresh_ms) AS duration, bool_and(last_refresh - hour < interval '1 hour') AS last
  FROM pg_tviews_performance_summary WHERE entity LIKE 'stat%' GROUP BY entity ORDER BY entity;
RESET pg_tviews.track;
SET pg_tviews.track = 'some';

-- A refresh that fails counts as an error of the TVIEW, also inside a savepoint.
CREATE TABLE tb_kind (kind int, label text);
INSERT INTO tb_kind VALUES (1, 'one'), (2, 'two');
CREATE TABLE tv_statkind AS SELECT kind AS pk_statkind, gen.id, jsonb_build_object('label', label) AS data
  FROM tb_kind, (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS id) gen;
UPDATE tb_kind SET label = 'uno' WHERE kind = 1;
INSERT INTO tb_kind VALUES (1, 'again');
BEGIN;
INSERT INTO tb_kind VALUES (2, 'again');
SAVEPOINT s;
SELECT count(*) FROM tv_statkind;
ROLLBACK TO s;
SELECT * FROM counted WHERE entity = 'statkind';
ROLLBACK;

-- Reset: one, all; by whom.
SELECT pg_tviews_stats_reset('statpost');
SELECT entity, flushes FROM counted;
SELECT count(*) FROM pg_tviews_performance_summary WHERE entity = 'statpost';
SELECT pg_tviews_stats_reset();
SELECT entity, flushes FROM counted;
SELECT pg_tviews_stats_reset('nobody');
CREATE ROLE regress_tviews_reader;
CREATE ROLE regress_tviews_monitor IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA statistics TO regress_tviews_reader, regress_tviews_monitor;
SET ROLE regress_tviews_reader;
SELECT count(*) FROM pg_tviews_stats WHERE entity LIKE 'stat%';
SELECT count(*) >= 0 AS readable FROM pg_tviews_performance_summary;
SELECT pg_tviews_stats_reset();
SELECT pg_tviews_sample_metrics();
SELECT pg_tviews_cleanup_metrics();
DELETE FROM pg_tviews_metrics;

-- History.
SET ROLE regress_tviews_monitor;
SELECT pg_tviews_cleanup_metrics(0) >= 0 AS cleaned;
RESET ROLE;
UPDATE tb_post SET title = 'g' WHERE pk_post <= 3;
SET ROLE regress_tviews_monitor;
SELECT pg_tviews_sample_metrics() >= 3 AS sampled;
RESET ROLE;
UPDATE tb_post SET title = 'h' WHERE pk_post <= 3;
SELECT pg_tviews_sample_metrics() >= 3 AS sampled;
SELECT entity, flushes, rows_updated FROM pg_tviews_metrics WHERE entity = 'statpost' ORDER BY recorded_at;
UPDATE pg_tviews_metrics SET recorded_at = now() - interval '8 days' WHERE entity = 'statpost' AND flushes = 1;
SELECT pg_tviews_cleanup_metrics(), pg_tviews_cleanup_metrics(2147483647), pg_tviews_cleanup_metrics(0) >= 3 AS all;
SELECT pg_tviews_cleanup_metrics(-1);
SELECT pg_tviews_cleanup_metrics(NULL);

-- A DROP that is rolled back keeps the counters, and a new TVIEW of the name begins anew.
BEGIN;
DROP TABLE tv_statpost;
SELECT count(*) FROM counted WHERE entity = 'statpost';
ROLLBACK;
SELECT flushes FROM counted WHERE entity = 'statpost';
DROP TABLE tv_statpost;
CREATE TABLE tv_statpost AS SELECT pk_post AS pk_statpost, id, jsonb_build_object('title', title) AS data FROM tb_post;
SELECT flushes FROM counted WHERE entity = 'statpost';
UPDATE tb_post SET title = 'i' WHERE pk_post = 1;
SELECT flushes FROM counted WHERE entity = 'statpost';
-- Replaced or renamed, it is the same TVIEW.
SELECT pg_tviews_replace('statpost', 'SELECT pk_post AS pk_statpost, id, jsonb_build_object(''t'', title) AS data FROM tb_post');
ALTER TABLE tv_statpost RENAME TO tv_statposts;
UPDATE tb_post SET title = 'j' WHERE pk_post = 1;
SELECT entity, flushes > 1 AS goes_on FROM counted WHERE entity = 'statposts';

SET client_min_messages = warning;
DROP SCHEMA statistics CASCADE;
DROP ROLE regress_tviews_reader, regress_tviews_monitor;
