-- profile.sql - pg_tviews_profile(): size, wear, indexes, warnings.
\set VERBOSITY terse
CREATE SCHEMA profile;
SET search_path = profile, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int, title text);
INSERT INTO tb_user SELECT i, gen_random_uuid(), 'user ' || i FROM generate_series(1, 10) i;
INSERT INTO tb_post SELECT i, gen_random_uuid(), 1 + i % 10, 'post ' || i FROM generate_series(1, 2000) i;
CREATE TABLE tv_profpost WITH (autovacuum_enabled = off) AS
SELECT pk_post AS pk_profpost, p.id, fk_user, jsonb_build_object('title', title, 'author', name) AS data FROM tb_post p JOIN tb_user ON pk_user = fk_user;
SELECT pg_tviews_create('profparted', 'SELECT pk_post AS pk_profparted, id, to_jsonb(title) AS data FROM tb_post',
                        '{"partition_by": "hash", "partitions": 3}'::jsonb);
ANALYZE tv_profpost, tv_profparted;
CREATE VIEW measured AS
SELECT entity, row_count, total_bytes = table_bytes + index_bytes AS total, toast_bytes > 0 AND toast_bytes < table_bytes AS toast,
       bytes_per_row BETWEEN 50 AND 1000 AS width, updates, hot_ratio, dead_rows, unused_indexes, missing_indexes, fan_out, warnings
  FROM pg_tviews_profile() WHERE entity LIKE 'prof%';
\x
SELECT * FROM measured ORDER BY entity;
-- Updates of all rows with an index on what changes.
CREATE INDEX title ON tv_profpost ((data ->> 'title'));
CREATE INDEX ON tb_post (fk_user);
UPDATE tb_post SET title = 'new ' || pk_post WHERE pk_post <= 1500;
UPDATE tb_user SET name = 'Alice' WHERE pk_user = 1;
SELECT pg_stat_force_next_flush();
SELECT entity, updates, hot_ratio < 0.5 AS not_hot, dead_rows >= 1500 AS dead, missing_indexes, fan_out,
       ARRAY(SELECT regexp_replace(w, '^\d+ %', 'N %') FROM unnest(warnings) w) AS warnings
  FROM pg_tviews_profile('profpost');
\x
SELECT entity FROM pg_tviews_profile('profile.tv_profparted');
SELECT entity FROM pg_tviews_profile('nobody');
-- For everybody.
CREATE ROLE regress_tviews_profiler;
GRANT USAGE ON SCHEMA profile TO regress_tviews_profiler;
SET ROLE regress_tviews_profiler;
SELECT entity, row_count FROM pg_tviews_profile('profpost');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA profile CASCADE;
DROP ROLE regress_tviews_profiler;
