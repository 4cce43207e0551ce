-- partitions - base tables partitioned by list, range and hash: other column orders, moves, leaf writes, attach, detach.
\a \t
CREATE SCHEMA partitions;
SET search_path = partitions, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text) PARTITION BY HASH (pk_user);
CREATE TABLE tb_user_0 PARTITION OF tb_user FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE tb_user_1 (junk int, name text, id uuid NOT NULL, pk_user int NOT NULL);
ALTER TABLE tb_user_1 DROP COLUMN junk;
ALTER TABLE tb_user ATTACH PARTITION tb_user_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE tb_post (pk_post int, id uuid NOT NULL, fk_user int, title text, region text, at date, PRIMARY KEY (pk_post, region, at)) PARTITION BY LIST (region);
CREATE TABLE tb_post_eu (at date NOT NULL, title text, gone int, region text NOT NULL, pk_post int NOT NULL, fk_user int, id uuid NOT NULL) PARTITION BY RANGE (at);
ALTER TABLE tb_post_eu DROP COLUMN gone;
ALTER TABLE tb_post ATTACH PARTITION tb_post_eu FOR VALUES IN ('eu');
CREATE TABLE tb_post_eu_old PARTITION OF tb_post_eu FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE tb_post_eu_new PARTITION OF tb_post_eu FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
CREATE TABLE tb_post_rest PARTITION OF tb_post DEFAULT;
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 6) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 6, 'post ' || n, CASE WHEN n % 2 = 0 THEN 'eu' ELSE 'us' END, date '2023-12-28' + n FROM generate_series(1, 8) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'region', p.region, 'author', u.name) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', (SELECT jsonb_agg(p.title ORDER BY p.pk_post) FROM tb_post p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;
CREATE TABLE tv_whole AS SELECT p.pk_post, p.id, to_jsonb(p) AS data FROM tb_post p;
-- a TVIEW on one partition only
CREATE TABLE tv_eu AS SELECT p.pk_post, p.id, to_jsonb(p.title) AS data FROM tb_post_eu p;
SELECT pk_post, data FROM tv_whole ORDER BY 1;
SELECT assert_exact();
INSERT INTO tb_post VALUES (9, uid(9), 1, 'nine', 'eu', '2020-01-01'), (10, uid(10), 2, 'ten', 'asia', '2025-01-01');
SELECT assert_exact();
UPDATE tb_user SET name = upper(name);
SELECT assert_exact();
UPDATE tb_post SET title = title || '!', fk_user = 7 - fk_user;
SELECT assert_exact();
-- moves between partitions, of both kinds
UPDATE tb_post SET region = 'eu' WHERE region = 'us' AND pk_post < 4;
SELECT assert_exact();
UPDATE tb_post SET at = '2010-01-01', title = 'moved' WHERE pk_post IN (2, 4, 6);
SELECT assert_exact();
UPDATE tb_user SET pk_user = pk_user + 10 WHERE pk_user > 4;
SELECT assert_exact();
UPDATE tb_post SET fk_user = fk_user + 10 WHERE fk_user > 4;
SELECT assert_exact();
-- the leaves written directly
INSERT INTO tb_post_eu_new (at, title, region, pk_post, fk_user, id) VALUES ('2024-05-05', 'to the leaf', 'eu', 20, 1, uid(20));
UPDATE tb_post_eu_old SET title = 'in the leaf' WHERE pk_post = 9;
UPDATE tb_user_1 SET name = 'leaf user';
DELETE FROM tb_post_rest WHERE pk_post = 10;
SELECT assert_exact();
UPDATE tb_post_eu SET at = '2024-06-06' WHERE pk_post = 9;
SELECT assert_exact();
COPY tb_post_rest (pk_post, id, fk_user, title, region, at) FROM stdin;
30	00000000-0000-0000-0000-000000000030	2	copied	af	2024-01-01
\.
COPY tb_post (pk_post, id, fk_user, title, region, at) FROM stdin;
31	00000000-0000-0000-0000-000000000031	2	copied	eu	2024-01-01
\.
SELECT assert_exact();
INSERT INTO tb_post VALUES (31, uid(31), 3, 'conflict', 'eu', '2024-01-01') ON CONFLICT (pk_post, region, at) DO UPDATE SET title = excluded.title;
MERGE INTO tb_post p USING (VALUES (31), (32)) s (k) ON p.pk_post = s.k WHEN MATCHED THEN UPDATE SET region = 'us' WHEN NOT MATCHED THEN INSERT VALUES (s.k, uid(s.k), 1, 'merged', 'eu', '2024-01-01');
SELECT assert_exact();
TRUNCATE tb_post_eu_old;
SELECT assert_exact();
-- partitions made, attached, detached and dropped later
CREATE TABLE tb_post_sa PARTITION OF tb_post FOR VALUES IN ('sa');
INSERT INTO tb_post VALUES (40, uid(40), 1, 'south', 'sa', '2024-01-01');
SELECT assert_exact();
CREATE TABLE tb_post_au (LIKE tb_post INCLUDING ALL);
INSERT INTO tb_post_au VALUES (50, uid(50), 1, 'down under', 'au', '2024-01-01');
ALTER TABLE tb_post ATTACH PARTITION tb_post_au FOR VALUES IN ('au');
SELECT assert_exact();
UPDATE tb_post_au SET title = 'attached';
SELECT assert_exact();
ALTER TABLE tb_post DETACH PARTITION tb_post_au;
SELECT assert_exact();
UPDATE tb_post_au SET title = 'on its own';
SELECT assert_exact();
DROP TABLE tb_post_sa;
SELECT assert_exact();
BEGIN;
ALTER TABLE tb_post ATTACH PARTITION tb_post_au FOR VALUES IN ('au');
ROLLBACK;
SELECT assert_exact();
-- that go with a schema, with what a role owns, one by one from below; undone as well
CREATE SCHEMA elsewhere;
CREATE ROLE regress_partition_owner;
CREATE TABLE elsewhere.tb_post_af PARTITION OF tb_post FOR VALUES IN ('sa', 'ag');
CREATE TABLE tb_post_two PARTITION OF tb_post FOR VALUES IN ('a', 'b') PARTITION BY LIST (region);
CREATE TABLE elsewhere.tb_post_a PARTITION OF tb_post_two FOR VALUES IN ('a');
CREATE TABLE tb_post_b PARTITION OF tb_post_two FOR VALUES IN ('b');
CREATE SCHEMA another CREATE TABLE tb_post_c PARTITION OF partitions.tb_post FOR VALUES IN ('c');
INSERT INTO tb_post SELECT 60 + n, uid(60 + n), 1, 'post', (array['sa', 'a', 'b', 'c'])[n], '2024-01-01' FROM generate_series(1, 4) n;
SELECT assert_exact();
BEGIN;
TRUNCATE another.tb_post_c;
SELECT assert_exact();
DROP SCHEMA another CASCADE;
ROLLBACK;
DROP SCHEMA elsewhere;
BEGIN;
DROP SCHEMA elsewhere CASCADE;
SELECT assert_exact();
ROLLBACK;
SELECT assert_exact();
DROP SCHEMA elsewhere, another CASCADE;
SELECT assert_exact();
ALTER TABLE tb_post_b OWNER TO regress_partition_owner;
BEGIN;
INSERT INTO tb_post_b SELECT 70, uid(70), 1, 'pending', 'b', '2024-01-01';
SAVEPOINT s;
DROP OWNED BY regress_partition_owner;
SELECT assert_exact();
ROLLBACK TO s;
SELECT assert_exact();
DROP OWNED BY regress_partition_owner;
COMMIT;
SELECT assert_exact();
DROP ROLE regress_partition_owner;
DROP TABLE tb_post_two;
-- Attached and detached while a definition reads the partition itself, in several levels. TRUNCATE of one.
CREATE TABLE tb_mid (LIKE tb_post INCLUDING ALL) PARTITION BY LIST (region);
CREATE TABLE tb_leaf PARTITION OF tb_mid FOR VALUES IN ('leaf');
CREATE TABLE tv_leaf AS SELECT p.pk_post, p.id, to_jsonb(p.title) AS data FROM tb_leaf p;
CREATE TABLE tv_mid AS SELECT p.pk_post, p.id, to_jsonb(p.title) AS data FROM tb_mid p;
INSERT INTO tb_mid VALUES (80, uid(80), 1, 'leaf', 'leaf', '2024-01-01');
CREATE VIEW ours AS SELECT tgrelid::regclass || ': ' || string_agg(tgname || CASE WHEN tgparentid <> 0 THEN ' (clone)' ELSE '' END, ', ' ORDER BY tgname COLLATE "C") AS line
  FROM pg_trigger WHERE tgname LIKE 'tview%' AND tgrelid::regclass::text ~ 'mid|leaf|au' AND tgrelid::regclass::text !~ 'tv_' GROUP BY tgrelid ORDER BY tgrelid::regclass::text COLLATE "C";
SELECT line FROM ours;
ALTER TABLE tb_post ATTACH PARTITION tb_mid FOR VALUES IN ('leaf');
SELECT line FROM ours;
SELECT assert_exact();
UPDATE tb_leaf SET title = 'updated';
SELECT assert_exact();
ALTER TABLE tb_mid DETACH PARTITION tb_leaf CONCURRENTLY;
SELECT line FROM ours;
UPDATE tb_leaf SET title = 'updated again';
SELECT assert_exact();
ALTER TABLE tb_mid ATTACH PARTITION tb_leaf FOR VALUES IN ('leaf');
SELECT assert_exact();
-- TVIEWs on parts go; those on the whole stay.
DROP TABLE tv_leaf, tv_mid;
SELECT line FROM ours;
TRUNCATE tb_leaf;
SELECT assert_exact();
ALTER TABLE tb_post DETACH PARTITION tb_mid;
SELECT line FROM ours;
INSERT INTO tb_mid VALUES (81, uid(81), 1, 'leaf', 'leaf', '2024-01-01');
TRUNCATE tb_leaf;
SELECT assert_exact();
DROP VIEW ours;
TRUNCATE tb_post;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA partitions CASCADE;
SELECT assert_gone();
