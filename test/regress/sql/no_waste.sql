-- no_waste - what does not change a document is not written: rows keep their xmin and their place.
\a \t
CREATE SCHEMA no_waste;
SET search_path = no_waste, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, seen int DEFAULT 0, active boolean DEFAULT true, score numeric);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text, views int DEFAULT 0);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, 0, true, n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(1, 6) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', upper(u.name), 'score', u.score) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user WHERE u.active;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', (SELECT count(*) FROM tb_post p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;
CREATE TABLE tv_above AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.data->'title') AS data FROM tv_post p;
-- Which rows have been written since the last call?
CREATE TABLE seen (tview text, pk int, image text);
CREATE FUNCTION written() RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    CREATE TEMP TABLE now_seen ON COMMIT DROP AS
        SELECT 'post' AS tview, pk_post AS pk, xmin::text || ctid::text AS image FROM tv_post
        UNION ALL SELECT 'user', pk_user, xmin::text || ctid::text FROM tv_user
        UNION ALL SELECT 'above', pk_post, xmin::text || ctid::text FROM tv_above;
    SELECT string_agg(coalesce(n.tview, s.tview) || ' ' || coalesce(n.pk, s.pk), ', ' ORDER BY coalesce(n.tview, s.tview) COLLATE "C", coalesce(n.pk, s.pk)) INTO result
      FROM now_seen n FULL JOIN seen s ON s.tview = n.tview AND s.pk = n.pk WHERE n.image IS DISTINCT FROM s.image;
    DELETE FROM seen;
    INSERT INTO seen TABLE now_seen;
    DROP TABLE now_seen;
    RETURN coalesce(result, 'nothing');
END
$$;
SELECT written() <> 'nothing';
SELECT written();
-- columns that no TVIEW uses
UPDATE tb_user SET seen = seen + 1;
SELECT written();
UPDATE tb_post SET views = 7;
SELECT written();
-- updates that set what is there already
UPDATE tb_user SET name = name, score = score, active = active;
SELECT written();
UPDATE tb_post SET title = title || '' WHERE pk_post = 1;
SELECT written();
-- used columns whose change makes no difference to the document
UPDATE tb_user SET name = 'USER 1' WHERE pk_user = 1;
SELECT written();
UPDATE tb_post SET fk_user = 4 - fk_user WHERE pk_post IN (2, 3); -- one each way: the counts stay
SELECT written();
-- what looks equal but is not, arrives
UPDATE tb_user SET score = 2.0 WHERE pk_user = 2;
SELECT written();
UPDATE tb_user SET score = 2.00 WHERE pk_user = 2;
SELECT written();
UPDATE tb_user SET score = 2.000 WHERE pk_user = 2;
UPDATE tb_user SET score = 2.00 WHERE pk_user = 2;
SELECT data->'score' FROM tv_post WHERE pk_post = 4;
SELECT assert_exact();
SELECT written() <> 'nothing';
-- there and back within a transaction
BEGIN;
UPDATE tb_user SET name = 'away';
UPDATE tb_user SET name = 'user ' || pk_user WHERE pk_user > 1;
UPDATE tb_user SET name = 'USER 1' WHERE pk_user = 1;
COMMIT;
SELECT written();
BEGIN;
INSERT INTO tb_post VALUES (9, uid(9), 1, 'not for long');
DELETE FROM tb_post WHERE pk_post = 9;
COMMIT;
SELECT written();
BEGIN;
DELETE FROM tb_post WHERE pk_post = 2;
INSERT INTO tb_post VALUES (2, uid(2), 1, 'post 2');
COMMIT;
SELECT written();
-- rows outside the definition
INSERT INTO tb_user VALUES (8, uid(8), 'inactive', 0, false, 8);
SELECT written();
INSERT INTO tb_post VALUES (8, uid(8), 8, 'of an inactive user');
SELECT written();
UPDATE tb_post SET title = 'still' WHERE pk_post = 8;
SELECT written();
-- only the rows concerned, and above only what changed there
UPDATE tb_user SET name = 'Two' WHERE pk_user = 2;
SELECT written();
UPDATE tb_post SET title = 'five' WHERE pk_post = 5;
SELECT written();
-- ten touches, one write per row
CREATE TABLE log (line text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO no_waste.log VALUES (TG_OP || ' ' || TG_TABLE_NAME || ' ' || (to_jsonb(coalesce(NEW, OLD))->>'pk_post')); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON tv_post FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON tv_above FOR EACH ROW EXECUTE FUNCTION note();
BEGIN;
UPDATE tb_post SET title = 'touch 1' WHERE pk_post = 1;
UPDATE tb_post SET title = 'touch 2' WHERE pk_post = 1;
UPDATE tb_user SET name = 'touch 3' WHERE pk_user = (SELECT fk_user FROM tb_post WHERE pk_post = 1);
DO $$ BEGIN FOR i IN 4..10 LOOP UPDATE tb_post SET title = 'touch ' || i WHERE pk_post = 1; END LOOP; END $$;
COMMIT;
SELECT line, count(*) FROM log GROUP BY line ORDER BY line;
SELECT assert_exact();
TRUNCATE log;
-- a refresh of what is right writes nothing
SELECT pg_tviews_refresh('post'), pg_tviews_refresh('user'), pg_tviews_refresh('above');
SELECT count(*) FROM log;
-- a full refresh by diff writes the difference only
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta WHERE entity <> 'post' AND entity <> 'above';
CREATE TABLE tb_setting (name text);
INSERT INTO tb_setting VALUES ('post 6');
CREATE TABLE tv_special AS SELECT p.pk_post, p.id, to_jsonb(p.title IN (SELECT name FROM tb_setting)) AS data FROM tb_post p;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON tv_special FOR EACH ROW EXECUTE FUNCTION note();
UPDATE tb_setting SET name = 'post 4';
SELECT line FROM log ORDER BY line;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA no_waste CASCADE;
SELECT assert_gone();
