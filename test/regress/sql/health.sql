-- health - pg_tviews_health_check() finds what is wrong, pg_tviews_reinstall_triggers() repairs triggers.
\a \t
\set SHOW_CONTEXT never
CREATE ROLE regress_health_dba SUPERUSER;
SET ROLE regress_health_dba;
CREATE SCHEMA health;
SET search_path = health, public;
CREATE VIEW findings AS
SELECT status, component, check_name, message, details->>'hint' AS hint FROM pg_tviews_health_check()
 WHERE status <> 'OK' ORDER BY check_name, message COLLATE "C";
-- nothing wrong: a row for each check, whatever there is
SELECT status, severity, component, check_name FROM pg_tviews_health_check() ORDER BY check_name COLLATE "C";
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid, name text);
CREATE TABLE tb_post (pk_post int, id uuid, fk_user int, title text) PARTITION BY RANGE (pk_post);
CREATE TABLE tb_post_1 PARTITION OF tb_post FOR VALUES FROM (0) TO (100);
CREATE TABLE tb_post_2 PARTITION OF tb_post FOR VALUES FROM (100) TO (200);
CREATE TABLE tb_animal (pk_animal int PRIMARY KEY, id uuid, name text);
CREATE TABLE tb_dog () INHERITS (tb_animal);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(98, 103) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.name) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('user', u, 'posts', (SELECT jsonb_agg(p.data) FROM tv_post p WHERE p.fk_user = u.pk_user)) AS data
  FROM tb_user u;
CREATE VIEW names AS SELECT pk_animal, id, upper(name) AS name FROM tb_animal;
CREATE TABLE tv_animal AS SELECT pk_animal, id, to_jsonb(name) AS data FROM names;
SELECT pg_tviews_create('keyed', 'WITH w AS (SELECT fk_user AS k, count(*) AS n FROM tb_post GROUP BY 1) SELECT k, n FROM w', key_columns => '{k}');
SELECT * FROM findings;
-- it changes nothing, and may be asked in a read-only transaction, with changes pending
BEGIN READ ONLY;
SELECT count(*) FROM pg_tviews_health_check() WHERE status <> 'OK';
COMMIT;
BEGIN;
UPDATE tb_user SET name = 'pending' WHERE pk_user = 1;
SELECT message FROM pg_tviews_health_check() WHERE check_name = 'queue';
ROLLBACK;
-- renamed tables and columns are no trouble
ALTER TABLE tb_user RENAME name TO full_name;
ALTER TABLE tb_animal RENAME TO tb_beast;
SELECT * FROM findings;
ALTER TABLE tb_user RENAME full_name TO name;
ALTER TABLE tb_beast RENAME TO tb_animal;
-- triggers: disabled, enabled for replicas only, renamed, dropped, restricted, replaced
ALTER TABLE tb_post_2 DISABLE TRIGGER tview_capture;
ALTER TABLE tb_post_1 ENABLE REPLICA TRIGGER tview_truncate;
ALTER TRIGGER tview_capture ON tb_animal RENAME TO other;
DROP TRIGGER tview_truncate ON tb_dog;
DROP TRIGGER tview_capture ON tb_dog;
CREATE TRIGGER tview_capture AFTER INSERT ON tb_dog FOR EACH ROW WHEN (NEW.pk_animal > 5) EXECUTE FUNCTION pg_tviews_internal_capture();
DROP TRIGGER tview_capture ON tb_user;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER tview_capture AFTER INSERT ON tb_user FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE tv_user DISABLE TRIGGER tview_guard;
CREATE TABLE unrelated (a int);
CREATE TRIGGER tview_left AFTER TRUNCATE ON unrelated EXECUTE FUNCTION pg_tviews_internal_capture();
SELECT * FROM findings;
SELECT details - 'hint' FROM pg_tviews_health_check() WHERE check_name = 'missing_triggers' AND details->>'table' ~ 'tb_dog';
-- changes are missed now
UPDATE tb_user SET name = 'missed';
UPDATE tb_post SET title = 'missed' WHERE pk_post = 101;
INSERT INTO tb_dog VALUES (1, uid(1), 'missed');
SELECT assert_exact() ~ 'WRONG';
-- a trigger of the user's is left alone
SELECT pg_tviews_reinstall_triggers('user');
DROP TRIGGER tview_capture ON tb_user;
-- one TVIEW: all that read the repaired tables are refreshed
SELECT pg_tviews_reinstall_triggers('post');
SELECT assert_exact('tv_post', 'tv_user', 'tv_keyed');
SELECT check_name, message FROM findings;
SELECT pg_tviews_reinstall_triggers();
SELECT pg_tviews_reinstall_triggers();
SELECT * FROM findings;
SELECT assert_exact();
SELECT operation, entity, details - 'session_user' FROM pg_tview_audit_log WHERE operation = 'REINSTALL TRIGGERS' ORDER BY log_id;
UPDATE tb_user SET name = name || ' again';
UPDATE tb_post SET title = 'seen';
INSERT INTO tb_dog VALUES (2, uid(2), 'seen');
DELETE FROM tv_user;
SELECT assert_exact();
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgname ~ '^tview' AND NOT tgname ~ 'guard_row' AND tgrelid::regclass::text ~ '^t[bv]_' ORDER BY tgrelid::regclass::text COLLATE "C", 2;
SET session_replication_role = replica;
SELECT * FROM findings;
RESET session_replication_role;
-- wrong arguments, wrong people
SELECT pg_tviews_reinstall_triggers('nothing');
CREATE ROLE regress_health;
GRANT USAGE ON SCHEMA health TO regress_health;
SET ROLE regress_health;
SELECT pg_tviews_reinstall_triggers('health.post');
SELECT pg_tviews_reinstall_triggers();
SELECT count(*) FROM pg_tviews_health_check() WHERE status <> 'OK';
SET ROLE regress_health_dba;
-- TVIEWs that do not agree with the catalogs; the event triggers are in the way of making such
ALTER EVENT TRIGGER pg_tviews_ddl_start DISABLE;
ALTER TABLE tv_post DROP CONSTRAINT tv_post_pkey;
ALTER TABLE tv_keyed ALTER COLUMN n TYPE numeric;
CREATE OR REPLACE VIEW v_animal AS SELECT pk_animal, id, to_jsonb(lower(name)) AS data FROM names;
ALTER VIEW v_user OWNER TO regress_health;
SELECT * FROM findings;
DROP TABLE tv_keyed, tv_user, tv_animal;
ALTER EVENT TRIGGER pg_tviews_ddl_start ENABLE;
ALTER TABLE tv_post ADD PRIMARY KEY (pk_post);
SELECT * FROM findings;
-- an owner who may not read any more
CREATE TABLE tb_other (pk_other int PRIMARY KEY, id uuid, name text);
GRANT SELECT ON tb_other TO regress_health;
GRANT CREATE ON SCHEMA health TO regress_health;
SET ROLE regress_health;
CREATE TABLE tv_other AS SELECT pk_other, id, to_jsonb(name) AS data FROM tb_other;
SET ROLE regress_health_dba;
REVOKE SELECT ON tb_other FROM regress_health;
SELECT * FROM findings;
GRANT SELECT ON tb_other TO regress_health;
-- row-level security
ALTER ROLE regress_health BYPASSRLS;
SET client_min_messages = error;
ALTER TABLE tb_other ENABLE ROW LEVEL SECURITY;
RESET client_min_messages;
SELECT * FROM findings;
ALTER ROLE regress_health NOBYPASSRLS;
SELECT * FROM findings;
ALTER ROLE regress_health BYPASSRLS;
ALTER TABLE tv_other ENABLE ROW LEVEL SECURITY;
SELECT * FROM findings;
CREATE POLICY everything ON tv_other USING (true);
SELECT * FROM findings;
DROP TABLE tv_other;
-- indexes: a large table is worth a warning
CREATE TABLE tb_large (pk_large int PRIMARY KEY, id uuid, fk_user int);
INSERT INTO tb_large SELECT n, uid(n), 1 + n % 3 FROM generate_series(1, 1500) n;
CREATE TABLE tv_large AS SELECT l.pk_large, l.id, to_jsonb(u.name) AS data FROM tb_large l JOIN tb_user u ON u.pk_user = l.fk_user;
SELECT status, message FROM pg_tviews_health_check() WHERE check_name = 'indexes' AND details IS NOT NULL ORDER BY message COLLATE "C";
ANALYZE tb_large;
SELECT * FROM findings;
SELECT hint AS command FROM findings \gexec
SELECT * FROM findings;
-- settings
SET pg_tviews.lock_escalation_threshold = 100000000;
SELECT check_name, message FROM findings;
RESET pg_tviews.lock_escalation_threshold;
SET pg_tviews.max_cascade_depth = 1;
CREATE TABLE tv_deep AS SELECT pk_post AS pk_deep, id, data FROM tv_post;
SET client_min_messages = warning;
DROP SCHEMA health CASCADE;
SELECT assert_gone();
RESET ROLE;
DROP ROLE regress_health, regress_health_dba;
