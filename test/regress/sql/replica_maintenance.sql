-- replica_maintenance - pg_tviews_set_replica_maintenance(): which triggers fire for replicated changes. Real replication
-- is in test/tap/t/004_logical_replication.pl; here sessions with session_replication_role = replica stand for it.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA replicated;
SET search_path = replicated, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid, name text);
CREATE TABLE tb_post (pk_post int, id uuid, fk_user int, title text) PARTITION BY RANGE (pk_post);
CREATE TABLE tb_post_1 PARTITION OF tb_post FOR VALUES FROM (0) TO (100);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(1, 4) n;
CREATE TABLE tv_user AS SELECT pk_user, id, jsonb_build_object('name', name) AS data FROM tb_user;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
  FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_title AS SELECT pk_post, id, to_jsonb(title) AS data FROM tb_post;
CREATE VIEW firing AS
SELECT tgrelid::regclass AS "table", string_agg(concat_ws(' ', tgname, tgenabled), ', ' ORDER BY tgname COLLATE "C") AS triggers
  FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = 'replicated'::regnamespace AND tgname LIKE 'tview%'
 GROUP BY tgrelid ORDER BY tgrelid::regclass::text COLLATE "C";
CREATE VIEW findings AS
SELECT status, message, details->>'hint' AS hint FROM pg_tviews_health_check()
 WHERE status <> 'OK' AND component = 'triggers' AND check_name <> 'orphaned_triggers' ORDER BY message COLLATE "C";
CREATE VIEW differences AS
SELECT * FROM pg_tviews_verify() WHERE entity IN ('user', 'post', 'title') AND missing + extra + different > 0 ORDER BY 1;
-- changes from before are made up for; what it is built on is maintained with it
SET session_replication_role = replica;
UPDATE tb_user SET name = 'missed' WHERE pk_user = 1;
RESET session_replication_role;
SELECT pg_tviews_set_replica_maintenance('post', true);
TABLE firing;
TABLE findings;
SELECT data FROM tv_post WHERE fk_user = 1;
SET session_replication_role = replica;
UPDATE tb_user SET name = 'seen' WHERE pk_user = 1;
DELETE FROM tb_post WHERE pk_post = 1;
INSERT INTO tb_post VALUES (5, uid(5), 2, 'post 5');
SELECT pk_post, data FROM tv_post ORDER BY 1;
-- what brings rows of the TVIEW itself is not followed
INSERT INTO tv_user VALUES (9, uid(9), '{}');
UPDATE tv_user SET data = '{}';
DELETE FROM tv_user;
TRUNCATE tv_post;
COPY tv_user FROM stdin;
10	00000000-0000-0000-0000-000000000010	{}
\.
TRUNCATE tb_post;
INSERT INTO tb_post VALUES (6, uid(6), 1, 'post 6');
RESET session_replication_role;
SELECT pk_user, data FROM tv_user ORDER BY 1;
SELECT pk_post, data FROM tv_post ORDER BY 1;
TABLE differences;
-- everybody else is refused as before
TRUNCATE tv_post;
UPDATE tv_user SET data = '{}';
-- partitions that come later, replaced definitions
CREATE TABLE tb_post_2 PARTITION OF tb_post FOR VALUES FROM (100) TO (200);
CREATE TABLE tb_post_3 (LIKE tb_post);
ALTER TABLE tb_post ATTACH PARTITION tb_post_3 FOR VALUES FROM (200) TO (300);
CREATE TABLE tb_like (pk_like int PRIMARY KEY, id uuid, fk_post int);
SELECT pg_tviews_replace('post', 'SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object(''author'', u.data, ''likes'',
  (SELECT count(*) FROM tb_like l WHERE l.fk_post = p.pk_post)) AS data FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user', '{"fillfactor": 80}');
TABLE firing;
TABLE findings;
-- triggers that were set to fire for local changes only, or disabled, or dropped
ALTER TABLE tb_like ENABLE TRIGGER ALL;
ALTER TABLE tb_user DISABLE TRIGGER tview_capture;
ALTER TABLE tb_post_2 ENABLE TRIGGER tview_capture;
DROP TRIGGER tview_truncate ON tb_post_3;
ALTER TABLE tv_user DISABLE TRIGGER tview_guard;
TABLE findings;
SELECT pg_tviews_reinstall_triggers('post'), pg_tviews_reinstall_triggers('user');
TABLE firing;
TABLE findings;
-- it ends for one; the others' tables stay as they are
SELECT pg_tviews_set_replica_maintenance('user', false);
TABLE firing;
SELECT pg_tviews_set_replica_maintenance('replicated.tv_post', false);
SELECT pg_tviews_set_replica_maintenance('post', false);
SELECT DISTINCT triggers FROM firing ORDER BY 1;
TABLE findings;
TABLE differences;
-- undone with the transaction
BEGIN;
SELECT pg_tviews_set_replica_maintenance('title', true);
SELECT * FROM firing WHERE triggers LIKE '% A%';
ROLLBACK;
SELECT * FROM firing WHERE triggers LIKE '% A%';
-- who may, and what cannot be meant
SELECT pg_tviews_set_replica_maintenance('nothing', true);
SELECT pg_tviews_set_replica_maintenance('tb_user', true);
SELECT pg_tviews_set_replica_maintenance(NULL, true);
SELECT pg_tviews_set_replica_maintenance('post', NULL);
CREATE ROLE regress_replicated;
GRANT USAGE ON SCHEMA replicated TO regress_replicated;
ALTER TABLE tv_post OWNER TO regress_replicated;
GRANT SELECT ON ALL TABLES IN SCHEMA replicated TO regress_replicated;
SET ROLE regress_replicated;
SELECT pg_tviews_set_replica_maintenance('title', true);
SELECT pg_tviews_set_replica_maintenance('post', true);
SELECT pg_tviews_set_replica_maintenance('post', false);
RESET ROLE;
SELECT operation, entity, details - 'session_user' AS details FROM pg_tview_audit_log
 WHERE operation = 'SET REPLICA MAINTENANCE' AND entity IN ('user', 'post', 'title') ORDER BY log_id;
SET client_min_messages = warning;
DROP SCHEMA replicated CASCADE;
DROP OWNED BY regress_replicated;
DROP ROLE regress_replicated;
