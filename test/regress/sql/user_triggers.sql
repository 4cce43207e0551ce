-- user_triggers - triggers of users on base tables and on TVIEWs: before, after, row, statement, writing elsewhere.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA user_triggers;
SET search_path = user_triggers, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, posts int DEFAULT 0);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text, slug text);
CREATE TABLE log (n serial, line text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'slug', p.slug, 'author', u.name, 'of', u.posts) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', u.posts) AS data FROM tb_user u;

-- BEFORE ROW that changes the row, refuses it, or moves it; AFTER ROW that writes another table.
CREATE FUNCTION before_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.title = 'locked' THEN RETURN NULL; END IF;
        RETURN OLD;
    END IF;
    NEW.slug := lower(replace(NEW.title, ' ', '-'));
    IF NEW.title = 'refused' THEN RETURN NULL; END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER a_before BEFORE INSERT OR UPDATE OR DELETE ON tb_post FOR EACH ROW EXECUTE FUNCTION before_post();
CREATE FUNCTION count_posts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN UPDATE tb_user SET posts = posts - 1 WHERE pk_user = OLD.fk_user; END IF;
    IF TG_OP <> 'DELETE' THEN UPDATE tb_user SET posts = posts + 1 WHERE pk_user = NEW.fk_user; END IF;
    RETURN NULL;
END
$$;
-- one that fires before and one that fires after the capture trigger
CREATE TRIGGER a_after AFTER INSERT OR UPDATE OR DELETE ON tb_post FOR EACH ROW EXECUTE FUNCTION count_posts();
INSERT INTO tb_post VALUES (1, uid(1), 1, 'First Post'), (2, uid(2), 1, 'Second Post'), (3, uid(3), 2, 'refused'), (4, uid(4), 3, 'locked');
SELECT pk_post, data FROM tv_post ORDER BY 1;
SELECT assert_exact();
UPDATE tb_post SET fk_user = 2 WHERE pk_post = 1;
DELETE FROM tb_post WHERE pk_post IN (2, 4);
SELECT pk_post, data FROM tv_post ORDER BY 1;
SELECT assert_exact();
DROP TRIGGER a_after ON tb_post;
CREATE TRIGGER z_after AFTER INSERT OR UPDATE OR DELETE ON tb_post FOR EACH ROW EXECUTE FUNCTION count_posts();
UPDATE tb_post SET fk_user = 1;
SELECT assert_exact();
SELECT pk_post, data FROM tv_post ORDER BY 1;
-- A trigger that writes the same table again, other rows and the same row.
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 3 THEN
        UPDATE tb_post SET title = title || '+' WHERE pk_post = NEW.pk_post;
        INSERT INTO tb_post VALUES (NEW.pk_post * 10, uid(NEW.pk_post * 10), NEW.fk_user, 'copy of ' || NEW.title) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER m_again AFTER UPDATE OR INSERT ON tb_post FOR EACH ROW EXECUTE FUNCTION again();
INSERT INTO tb_post VALUES (5, uid(5), 2, 'five');
SELECT assert_exact();
SELECT pk_post, data->>'title' FROM tv_post ORDER BY 1;
DROP TRIGGER m_again ON tb_post;
-- Statement triggers with transition tables; a trigger's query sees the TVIEW as the statement left it so far.
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (line) SELECT format('%s %s %s: %s of %s rows are in the TVIEW, %s', TG_OP, TG_WHEN, TG_LEVEL,
        (SELECT count(*) FROM tv_post t WHERE EXISTS (SELECT FROM tb_post p WHERE p.pk_post = t.pk_post AND p.title = t.data->>'title')),
        (SELECT count(*) FROM tb_post JOIN tb_user ON pk_user = fk_user), (SELECT assert_exact('tv_post')));
    RETURN NULL;
END
$$;
CREATE TRIGGER z_see AFTER INSERT OR UPDATE OR DELETE ON tb_post FOR EACH STATEMENT EXECUTE FUNCTION see();
CREATE TRIGGER z_see_before BEFORE UPDATE ON tb_post FOR EACH STATEMENT EXECUTE FUNCTION see();
CREATE TRIGGER z_see_row AFTER DELETE ON tb_post FOR EACH ROW EXECUTE FUNCTION see();
UPDATE tb_post SET title = 'seen ' || pk_post WHERE pk_post < 10;
INSERT INTO tb_post VALUES (6, uid(6), 3, 'six'), (7, uid(7), 3, 'seven');
DELETE FROM tb_post WHERE pk_post = 7;
SELECT line FROM log ORDER BY n;
SELECT assert_exact();
DROP TRIGGER z_see ON tb_post;
DROP TRIGGER z_see_before ON tb_post;
DROP TRIGGER z_see_row ON tb_post;

-- Triggers on TVIEWs see what maintenance writes.
TRUNCATE log;
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_triggers.log (line) VALUES (concat_ws(' ', TG_OP, TG_TABLE_NAME, CASE WHEN TG_OP <> 'INSERT' THEN OLD.data->>'title' END, '->', CASE WHEN TG_OP <> 'DELETE' THEN NEW.data->>'title' END));
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON tv_post FOR EACH ROW EXECUTE FUNCTION watch();
INSERT INTO tb_post VALUES (8, uid(8), 1, 'eight');
UPDATE tb_post SET title = 'acht' WHERE pk_post = 8;
DELETE FROM tb_post WHERE pk_post = 8;
SELECT line, count(*) FROM log GROUP BY line ORDER BY line COLLATE "C";
SELECT assert_exact();
-- A trigger on a TVIEW that writes a base table: the flush goes round again until nothing is left.
CREATE FUNCTION feed_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE user_triggers.tb_user SET name = 'author of ' || (NEW.data->>'title') WHERE pk_user = NEW.fk_user AND name <> 'author of ' || (NEW.data->>'title');
    RETURN NULL;
END
$$;
CREATE TRIGGER feed_back AFTER INSERT ON tv_post FOR EACH ROW EXECUTE FUNCTION feed_back();
INSERT INTO tb_post VALUES (9, uid(9), 3, 'nine');
SELECT pk_post, data FROM tv_post WHERE pk_post = 9;
SELECT assert_exact();
-- An error in a trigger on the TVIEW fails the write, and names where.
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
CREATE TRIGGER fail AFTER UPDATE ON tv_post FOR EACH ROW EXECUTE FUNCTION fail();
UPDATE tb_post SET title = 'fails' WHERE pk_post = 9;
SELECT context_of('UPDATE tb_post SET title = ''fails'' WHERE pk_post = 9');
DROP TRIGGER fail ON tv_post;
SELECT assert_exact();
-- Disabled and replica-mode triggers are PostgreSQL's to fire or not; a refresh repairs what was missed.
SET session_replication_role = replica;
UPDATE tb_user SET name = 'unseen' WHERE pk_user = 1;
RESET session_replication_role;
SELECT entity, missing, extra, different FROM pg_tviews_verify() ORDER BY entity;
SELECT pg_tviews_refresh('user');
SELECT pg_tviews_refresh('post') > 0;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA user_triggers CASCADE;
SELECT assert_gone();
