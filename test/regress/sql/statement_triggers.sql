-- statement_triggers - pg_tviews_install_stmt_triggers() and _uninstall_: capture by statement, and where it is refused.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA statement_triggers;
SET search_path = statement_triggers, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, age int);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL,
    fk_user int REFERENCES tb_user ON DELETE CASCADE ON UPDATE CASCADE, title text, views int DEFAULT 0, body text);
ALTER TABLE tb_post ALTER body SET STORAGE EXTERNAL;
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, uid(n), n % 4 + 1, 'post ' || n FROM generate_series(1, 12) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user,
    jsonb_build_object('title', p.title, 'body', length(p.body), 'author', jsonb_build_object('name', u.name)) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user WHERE p.title <> 'hidden';
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts',
    coalesce((SELECT jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title) ORDER BY p.pk_post) FROM tb_post p WHERE p.fk_user = u.pk_user), '[]')) AS data
  FROM tb_user u;
CREATE TABLE tv_feed AS SELECT t.pk_post AS pk_feed, t.id, jsonb_build_object('post', t.data) AS data FROM tv_post t;
CREATE FUNCTION triggers() RETURNS TABLE (line text) LANGUAGE sql AS $$
  SELECT format('%s %s', tgrelid::regclass, tgname) || CASE tgenabled WHEN 'O' THEN '' ELSE ' ' || tgenabled::text END
  FROM pg_trigger WHERE tgname LIKE 'tview\_%' AND tgname NOT LIKE 'tview\_guard%' AND tgname <> 'tview_truncate' AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'statement_triggers'::regnamespace)
  ORDER BY tgrelid::regclass::text, tgname $$;
CREATE FUNCTION health() RETURNS TABLE (line text) LANGUAGE sql AS $$
  SELECT concat_ws(' | ', check_name, status, message, details) FROM pg_tviews_health_check()
  WHERE check_name IN ('statement_triggers', 'missing_triggers', 'orphaned_triggers') ORDER BY 1 $$;
SELECT triggers();
SELECT health();

-- Installed for all base tables, not for TVIEWs; again: nothing to do.
SELECT pg_tviews_install_stmt_triggers();
SELECT pg_tviews_install_stmt_triggers();
SELECT triggers();
SELECT health();
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'tb_user'::regclass AND tgname LIKE '%\_stmt\_trig' ORDER BY tgname;
SELECT operation, entity, details - 'session_user' FROM pg_tview_audit_log WHERE details->>'table' = 'statement_triggers.tb_post' ORDER BY log_id DESC LIMIT 4;

-- Every kind of statement; tv_feed is built on tv_post.
INSERT INTO tb_user VALUES (5, uid(5), 'five'), (6, uid(6), 'six');
INSERT INTO tb_post VALUES (13, uid(13), 5, 'thirteen');
SELECT assert_exact();
UPDATE tb_user SET name = upper(name) WHERE pk_user < 3;
UPDATE tb_post SET views = views + 1;
SELECT pg_tviews_queue_stats()->'pending' AS pending_of_views;
SELECT assert_exact();
UPDATE tb_post SET fk_user = 5 - fk_user WHERE pk_post < 5;
UPDATE tb_post SET title = 'hidden' WHERE pk_post IN (1, 2);
UPDATE tb_post SET title = 'shown', pk_post = pk_post + 100 WHERE pk_post = 1;
UPDATE tb_post SET body = repeat('x', 9000) WHERE pk_post BETWEEN 3 AND 6;
UPDATE tb_post SET title = title || '+', body = body WHERE pk_post BETWEEN 3 AND 6;
UPDATE tb_post SET body = repeat('y', 9000) WHERE pk_post = 4;
SELECT assert_exact();
UPDATE tb_user SET pk_user = 60 WHERE pk_user = 5;
DELETE FROM tb_post WHERE pk_post IN (7, 8);
DELETE FROM tb_user WHERE pk_user IN (1, 60);
SELECT assert_exact();
SELECT count(*), count(*) FILTER (WHERE data->>'title' LIKE '%+') FROM tv_post;
INSERT INTO tb_user VALUES (2, uid(2), 'two'), (7, uid(7), 'seven')
  ON CONFLICT (pk_user) DO UPDATE SET name = excluded.name || ' again';
MERGE INTO tb_post p USING (VALUES (2, 'merged'), (3, NULL), (900, 'new')) s (k, t) ON p.pk_post = s.k
  WHEN MATCHED AND s.t IS NULL THEN DELETE
  WHEN MATCHED THEN UPDATE SET title = s.t
  WHEN NOT MATCHED THEN INSERT VALUES (s.k, uid(s.k), 2, s.t);
SELECT assert_exact();
SELECT pk_post, data->>'title' FROM tv_post WHERE pk_post IN (2, 3, 900) ORDER BY 1;
WITH gone AS (DELETE FROM tb_post WHERE pk_post = 900 RETURNING *), more AS (UPDATE tb_user SET name = 'cte' WHERE pk_user = 7),
     other AS (INSERT INTO tb_post SELECT pk_post + 1, uid(pk_post + 1), 7, 'from cte' FROM gone)
INSERT INTO tb_post SELECT pk_post + 2, uid(pk_post + 2), 7, 'from main' FROM gone;
WITH m AS (UPDATE tb_post SET title = 'both' WHERE pk_post = 901)
MERGE INTO tb_post p USING (VALUES (902), (903)) s (k) ON p.pk_post = s.k
  WHEN MATCHED THEN UPDATE SET title = 'merged too' WHEN NOT MATCHED THEN INSERT VALUES (s.k, uid(s.k), 7, 'merged in');
SELECT assert_exact();
SELECT pk_post, data->>'title' FROM tv_post WHERE pk_post > 899 ORDER BY 1;
COPY tb_post (pk_post, id, fk_user, title) FROM stdin;
1001	00000000-0000-0000-0000-000000001001	7	copied
1002	00000000-0000-0000-0000-000000001002	2	copied
\.
SELECT assert_exact();
-- More than work_mem holds.
SET work_mem = '64kB';
INSERT INTO tb_post SELECT n, uid(n), 7, 'bulk ' || n FROM generate_series(2000, 4999) n;
UPDATE tb_post SET title = title || '!' WHERE pk_post >= 2000;
DELETE FROM tb_post WHERE pk_post >= 2010;
RESET work_mem;
SELECT assert_exact();
TRUNCATE tb_post;
SELECT assert_exact();
INSERT INTO tb_post SELECT n, uid(n), 2, 'post ' || n FROM generate_series(1, 5) n;
UPDATE tb_post SET title = 'nobody' WHERE false;

-- Reads in the same transaction, rollback, savepoints, errors.
BEGIN;
UPDATE tb_user SET name = 'within' WHERE pk_user = 2;
SELECT DISTINCT data->'author' FROM tv_post;
SAVEPOINT s;
UPDATE tb_user SET name = 'lost' WHERE pk_user = 2;
INSERT INTO tb_post VALUES (6, uid(6), 2, 'lost');
SELECT assert_exact();
ROLLBACK TO s;
SELECT DISTINCT data->'author' FROM tv_post;
INSERT INTO tb_post VALUES (6, uid(6), 2, 'kept'), (6, uid(6), 2, 'twice');
ROLLBACK TO s;
DELETE FROM tb_post WHERE pk_post = 5;
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE tb_post SET title = 'rr' WHERE pk_post < 3;
SELECT assert_exact();
UPDATE tb_post SET title = 'rr 2' WHERE pk_post < 4;
COMMIT;
SELECT assert_exact();

-- In functions and BEFORE triggers, nested; a caught error takes its statements back.
CREATE FUNCTION before_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tb_post VALUES (500 + NEW.pk_user, uid(500 + NEW.pk_user), 2, 'by ' || NEW.name) ON CONFLICT (pk_post) DO UPDATE SET title = 'again';
    BEGIN
        UPDATE tb_post SET title = 'undone';
        RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
    NEW.name := NEW.name || '*';
    IF NEW.pk_user = 9 THEN RETURN NULL; END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER before_user BEFORE INSERT OR UPDATE ON tb_user FOR EACH ROW EXECUTE FUNCTION before_user();
INSERT INTO tb_user SELECT n, uid(n), 'nested ' || n FROM generate_series(8, 10) n;
UPDATE tb_user SET name = 'renamed', age = pk_user WHERE pk_user > 6;
SELECT assert_exact();
SELECT pk_post, data FROM tv_post WHERE pk_post >= 500 ORDER BY 1;
DROP TRIGGER before_user ON tb_user;
SELECT triggers();

-- What follows definitions: a new TVIEW on the same tables, replacement, repair, renaming.
CREATE TABLE tv_title AS SELECT p.pk_post AS pk_title, p.id, jsonb_build_object('title', p.title, 'views', p.views) AS data FROM tb_post p;
UPDATE tb_post SET views = 7 WHERE pk_post = 2;
SELECT pg_tviews_replace('tv_title', $$SELECT p.pk_post AS pk_title, p.id, jsonb_build_object('v', p.views, 'u', u.name) AS data FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user$$);
UPDATE tb_post SET views = 8 WHERE pk_post = 2;
ALTER TABLE tb_post RENAME COLUMN views TO seen;
ALTER TABLE tb_post RENAME TO tb_article;
ALTER TABLE tb_article ADD extra int DEFAULT 3;
ALTER TABLE tb_article ALTER seen TYPE bigint; -- refused: the definition reads it
UPDATE tb_article SET seen = 9, extra = 4 WHERE pk_post = 3;
INSERT INTO tb_article VALUES (20, uid(20), 2, 'twenty');
SELECT assert_exact();
ALTER TABLE tb_article RENAME TO tb_post;
SELECT pg_tviews_reinstall_triggers();
SELECT triggers();

-- Defects are seen and put right.
ALTER TABLE tb_user DISABLE TRIGGER tview_update_stmt_trig;
UPDATE tb_user SET name = 'unseen' WHERE pk_user = 2;
DROP TRIGGER tview_insert_stmt_trig ON tb_post;
SELECT health();
SELECT pg_tviews_reinstall_triggers();
SELECT triggers();
SELECT health();
SELECT assert_exact();
DROP TRIGGER tview_begin_stmt_trig ON tb_post;
DROP TRIGGER tview_insert_stmt_trig ON tb_post;
DROP TRIGGER tview_update_stmt_trig ON tb_post;
DROP TRIGGER tview_delete_stmt_trig ON tb_post;
SELECT health();
SELECT pg_tviews_reinstall_triggers();
SELECT triggers();
SELECT pg_tviews_install_stmt_triggers();

-- Rolled back.
BEGIN;
SELECT pg_tviews_uninstall_stmt_triggers();
UPDATE tb_user SET name = 'by row' WHERE pk_user = 2;
ROLLBACK;
SELECT count(*) FROM triggers() line WHERE line LIKE '%stmt_trig';
BEGIN;
UPDATE tb_user SET name = 'by statement' WHERE pk_user = 2;
SELECT pg_tviews_uninstall_stmt_triggers();
UPDATE tb_user SET name = name || ', by row';
SELECT pg_tviews_install_stmt_triggers();
UPDATE tb_user SET name = name || ', by statement';
COMMIT;
SELECT data->>'name' FROM tv_user WHERE pk_user = 2;
SELECT assert_exact();
-- Not while the table is in use.
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM tb_user;
FETCH c;
SELECT pg_tviews_uninstall_stmt_triggers();
ROLLBACK;

-- Without the first of them a session might not know of a statement that is stopped early.
DROP TRIGGER tview_begin_stmt_trig ON tb_user;
SELECT line FROM health() line WHERE line LIKE 'missing%';
SELECT pg_tviews_reinstall_triggers();
BEGIN READ ONLY;
SELECT pg_tviews_uninstall_stmt_triggers();
ROLLBACK;
-- As any DDL, not by a trigger of a statement that is running.
CREATE FUNCTION switch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_tviews_uninstall_stmt_triggers(); RETURN NEW; END $$;
CREATE TRIGGER switch BEFORE UPDATE ON tb_user FOR EACH ROW EXECUTE FUNCTION switch();
UPDATE tb_user SET name = 'switched';
DROP TRIGGER switch ON tb_user;
-- A trigger that would see too little, or children, put row triggers back.
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'the TVIEW says %', (SELECT data->>'title' FROM tv_post WHERE pk_post = NEW.pk_post);
    RETURN NULL;
END
$$;
CREATE TRIGGER z_see AFTER UPDATE ON tb_post FOR EACH ROW EXECUTE FUNCTION see();
UPDATE tb_post SET title = 'seen' WHERE pk_post = 3;
SELECT pg_tviews_install_stmt_triggers();
DROP TRIGGER z_see ON tb_post;
SELECT pg_tviews_install_stmt_triggers();
CREATE TRIGGER z_truncated AFTER TRUNCATE ON tb_post FOR EACH STATEMENT EXECUTE FUNCTION see();
SELECT count(*) FROM triggers() line WHERE line LIKE 'tb_post%stmt_trig';
BEGIN;
CREATE TABLE tb_post_child () INHERITS (tb_post);
SELECT triggers();
INSERT INTO tb_post_child VALUES (30, uid(30), 2, 'child');
UPDATE tb_post SET title = title || ' via parent' WHERE pk_post = 30;
SELECT assert_exact();
ROLLBACK;
CREATE TABLE tb_above (LIKE tb_user);
CREATE TABLE tb_whole (LIKE tb_user) PARTITION BY RANGE (pk_user);
BEGIN;
ALTER TABLE tb_user INHERIT tb_above;
SELECT triggers();
UPDATE tb_above SET name = 'from above';
SELECT assert_exact();
ROLLBACK;
BEGIN;
ALTER TABLE tb_user ALTER pk_user DROP IDENTITY IF EXISTS;
ALTER TABLE tb_whole ATTACH PARTITION tb_user DEFAULT;
UPDATE tb_whole SET name = 'from the whole';
SELECT triggers();
SELECT assert_exact();
ALTER TABLE tb_whole DETACH PARTITION tb_user;
SELECT triggers();
SELECT pg_tviews_install_stmt_triggers();
ROLLBACK;
-- A member of a tree that is read from above.
CREATE TABLE tb_part (pk_part int, id uuid, name text) PARTITION BY LIST (pk_part);
CREATE TABLE tb_part_1 (name text, id uuid, pk_part int PRIMARY KEY);
CREATE TABLE tv_part AS SELECT pk_part, id, jsonb_build_object('name', name) AS data FROM tb_part;
CREATE TABLE tv_part_1 AS SELECT pk_part AS pk_part_1, id, jsonb_build_object('n', name) AS data FROM tb_part_1;
SELECT pg_tviews_install_stmt_triggers();
INSERT INTO tb_part_1 VALUES ('one', uid(1), 1);
ALTER TABLE tb_part ATTACH PARTITION tb_part_1 FOR VALUES IN (1, 2);
INSERT INTO tb_part VALUES (2, uid(2), 'two');
MERGE INTO tb_part USING (SELECT 1 AS k) s ON pk_part = s.k WHEN MATCHED THEN UPDATE SET name = 'merged';
SELECT assert_exact();
SELECT line FROM triggers() line WHERE line LIKE 'tb_part%';
SELECT pg_tviews_install_stmt_triggers();
-- Replicated changes.
SELECT pg_tviews_set_replica_maintenance('tv_user', true);
SELECT triggers();
SELECT pg_tviews_install_stmt_triggers();
SELECT pg_tviews_set_replica_maintenance('tv_user', false);
SELECT pg_tviews_install_stmt_triggers();
SELECT health();

-- A row trigger beside them, and AFTER triggers that came unnoticed: exact all the same, and repaired.
CREATE TRIGGER tview_capture AFTER INSERT OR UPDATE OR DELETE ON tb_user FOR EACH ROW EXECUTE FUNCTION public.pg_tviews_internal_capture();
ALTER EVENT TRIGGER pg_tviews_ddl_end DISABLE;
CREATE TRIGGER unnoticed AFTER INSERT ON tb_post FOR EACH ROW EXECUTE FUNCTION see();
ALTER EVENT TRIGGER pg_tviews_ddl_end ENABLE;
UPDATE tb_user SET name = 'twice' WHERE pk_user = 2;
SELECT health();
SELECT pg_tviews_reinstall_triggers();
SELECT triggers();
DROP TRIGGER unnoticed ON tb_post;
SELECT assert_exact();
SELECT pg_tviews_install_stmt_triggers();
-- Names in the way; only one's own tables.
SELECT pg_tviews_uninstall_stmt_triggers();
SELECT pg_tviews_uninstall_stmt_triggers();
SELECT triggers();
CREATE TRIGGER tview_begin_stmt_trig BEFORE INSERT ON tb_user FOR EACH STATEMENT EXECUTE FUNCTION see();
SELECT pg_tviews_install_stmt_triggers();
DROP TRIGGER tview_begin_stmt_trig ON tb_user;
CREATE ROLE regress_stmt_owner;
GRANT USAGE ON SCHEMA statement_triggers TO regress_stmt_owner;
SET ROLE regress_stmt_owner;
SELECT pg_tviews_install_stmt_triggers();
RESET ROLE;
ALTER TABLE tb_user OWNER TO regress_stmt_owner;
GRANT SELECT ON tb_user TO PUBLIC;
SET ROLE regress_stmt_owner;
SELECT pg_tviews_install_stmt_triggers();
UPDATE tb_user SET name = 'by its owner' WHERE pk_user = 2;
RESET ROLE;
SELECT assert_exact();
SELECT pg_tviews_install_stmt_triggers() > 0;
-- The last reader takes them along.
DROP TABLE tv_feed, tv_post, tv_user, tv_title;
SELECT triggers();
SELECT health();
SET client_min_messages = warning;
DROP SCHEMA statement_triggers CASCADE;
DROP ROLE regress_stmt_owner;
SELECT assert_gone();
