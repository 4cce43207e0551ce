-- What is pending: pg_tviews_queue_realtime, pg_tviews_debug_queue(), pg_tviews_queue_stats().
CREATE SCHEMA queue;
SET search_path = queue, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int, title text);
INSERT INTO tb_user (pk_user, name) VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO tb_post (pk_post, fk_user, title) VALUES (1, 1, 'one'), (2, 2, 'two');
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.name) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
SELECT pg_tviews_create('title', 'SELECT title, count(*) AS posts FROM tb_post WHERE title IS NOT NULL GROUP BY title',
                        key_columns => '{title}');

TABLE pg_tviews_queue_realtime;
SELECT pg_tviews_debug_queue();
BEGIN;
UPDATE tb_user SET name = 'Alicia' WHERE pk_user = 1;
INSERT INTO tb_post (pk_post, fk_user, title) VALUES (10, 2, 'ten'), (3, 1, 'three, 3');
SELECT backend_pid = pg_backend_pid() AS own, transaction_id = pg_current_xact_id()::text::bigint AS this_one, queue_size,
       entities, last_enqueued BETWEEN queued_at AND clock_timestamp() AS recent, session ~ '^[0-9a-f]+\.[0-9a-f]+$' AS session,
       entity, pk, depth, kind, CASE WHEN kind <> 'new link' THEN value END AS value
  FROM pg_tviews_queue_realtime ORDER BY entity, kind, pk, value;
SELECT pg_tviews_debug_queue() #- '{entities,post,new link}';
SAVEPOINT a;
SELECT pg_tviews_suspend('post');
UPDATE tb_user SET name = 'x' WHERE pk_user = 1;
SELECT pg_tviews_debug_queue() -> 'entities' -> 'post' -> 'all' AS all;
ROLLBACK TO a;
SELECT pg_tviews_debug_queue() -> 'entities' -> 'post' -> 'changed link' AS links;
SELECT count(*) FROM tv_post;
SELECT DISTINCT entity FROM pg_tviews_queue_realtime;
SELECT pg_tviews_flush();
TABLE pg_tviews_queue_realtime;
COMMIT;
-- The session's caches: a look-up is a hit or a miss; a change of the table throws away what was made from it.
CREATE TEMP TABLE before AS SELECT * FROM pg_tviews_cache_stats;
UPDATE tb_user SET name = 'again' WHERE pk_user = 1;
UPDATE tb_user SET name = 'and again' WHERE pk_user = 1;
SELECT cache_type, a.entries > 0 AS some, a.bytes > 0 AND a.estimated_size = pg_size_pretty(a.bytes) AS size,
       a.hits > b.hits AND a.hits = a.cache_hits AS hits, a.misses = a.cache_misses AND a.misses > 0 AS misses
  FROM pg_tviews_cache_stats a JOIN before b USING (cache_type) ORDER BY 1;
TRUNCATE before;
INSERT INTO before TABLE pg_tviews_cache_stats;
ALTER TABLE tb_user ADD COLUMN email text;
UPDATE tb_user SET name = 'new' WHERE pk_user = 1;
SELECT cache_type, a.evictions > b.evictions AS evicted, a.misses > b.misses AS missed
  FROM pg_tviews_cache_stats a JOIN before b USING (cache_type) ORDER BY 1;
DROP TABLE before;
SET client_min_messages = warning;
DROP SCHEMA queue CASCADE;
