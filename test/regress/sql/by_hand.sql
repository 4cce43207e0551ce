-- pg_tviews_cascade(), _insert(), _delete(), and what one row costs.
CREATE SCHEMA by_hand;
SET search_path = by_hand, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
CREATE TABLE tb_post (pk_post bigint, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int, title text, PRIMARY KEY (pk_post))
  PARTITION BY RANGE (pk_post);
CREATE TABLE tb_post_1 PARTITION OF tb_post FOR VALUES FROM (0) TO (100);
CREATE TABLE tb_post_2 (title text, fk_user int, id uuid NOT NULL DEFAULT gen_random_uuid(), pk_post bigint NOT NULL);
ALTER TABLE tb_post ATTACH PARTITION tb_post_2 FOR VALUES FROM (100) TO (200);
CREATE TABLE tb_plain (code text PRIMARY KEY);
INSERT INTO tb_user (pk_user, name) VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO tb_post (pk_post, fk_user, title) VALUES (1, 1, 'one'), (101, 1, 'two'), (102, 2, 'three');
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.name) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE VIEW stale AS SELECT missing, extra, different FROM pg_tviews_verify('post');

-- Changes that nobody has seen.
SET session_replication_role = replica;
UPDATE tb_user SET name = 'Alicia' WHERE pk_user = 1;
INSERT INTO tb_post (pk_post, fk_user, title) VALUES (103, 2, 'four');
DELETE FROM tb_post WHERE pk_post = 102;
RESET session_replication_role;
TABLE stale;
SELECT pg_tviews_cascade('tb_user'::regclass, 1);
TABLE stale;
SELECT pg_tviews_insert('tb_post'::regclass, 103);
TABLE stale;
SELECT pg_tviews_delete('tb_post'::regclass, 102);
TABLE stale;
-- Ahead of a deletion.
BEGIN;
SELECT pg_tviews_delete('tb_post'::regclass, 103);
SET LOCAL session_replication_role = replica;
DELETE FROM tb_post WHERE pk_post = 103;
SET LOCAL session_replication_role = origin;
COMMIT;
TABLE stale;
SELECT pk_post, data FROM tv_post ORDER BY 1;

SELECT pg_tviews_cascade('tb_plain'::regclass, 1);
SELECT pg_tviews_cascade(0, 1);
SELECT pg_tviews_cascade(NULL, 1);
SELECT pg_tviews_delete('tb_user'::regclass, NULL);
SELECT pg_tviews_create('plain', 'SELECT code FROM tb_plain', key_columns => '{code}');
SELECT pg_tviews_insert('tb_plain'::regclass, 1);
CREATE ROLE regress_by_hand;
GRANT USAGE ON SCHEMA by_hand TO regress_by_hand;
GRANT SELECT, UPDATE ON tb_user TO regress_by_hand;
SET ROLE regress_by_hand;
SELECT pg_tviews_cascade('tb_user'::regclass, 1);
SELECT pg_tviews_delete('tb_user'::regclass, 1);
SELECT pg_tviews_analyze_cascade('post', 1);
RESET ROLE;

SELECT count(*) > 3 AS lines, bool_or(query_plan LIKE '%(actual %') AS analyzed,
       bool_or(query_plan LIKE '%pk_post = ''1''::bigint%' OR query_plan LIKE '%pk_post = 1%') AS for_one_row
  FROM pg_tviews_analyze_cascade('tv_post', 1);
SELECT count(*) > 3 AS lines FROM pg_tviews_analyze_cascade('post', -1);
SELECT pg_tviews_analyze_cascade('plain', 1);
SELECT pg_tviews_analyze_cascade('nobody', 1);
SELECT pg_tviews_analyze_cascade(NULL, 1);
SELECT pg_tviews_analyze_cascade('post', NULL);
SET client_min_messages = warning;
DROP SCHEMA by_hand CASCADE;
DROP ROLE regress_by_hand;
