-- cascade - TVIEWs on TVIEWs: embedded documents, five levels, diamonds, ten on one table, depth and cycles.
\a \t
CREATE SCHEMA cascade_;
SET search_path = cascade_, public;
CREATE TABLE tb_company (pk_company int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, fk_company int, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid NOT NULL, fk_post int, body text);
CREATE TABLE tb_reply (pk_reply int PRIMARY KEY, id uuid NOT NULL, fk_comment int, body text);
INSERT INTO tb_company SELECT n, uid(n), 'company ' || n FROM generate_series(1, 2) n;
INSERT INTO tb_user SELECT n, uid(n), 1 + n % 2, 'user ' || n FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 4, 'post ' || n FROM generate_series(1, 8) n;
INSERT INTO tb_comment SELECT n, uid(n), 1 + n % 8, 'comment ' || n FROM generate_series(1, 8) n;
INSERT INTO tb_reply SELECT n, uid(n), 1 + n % 8, 'reply ' || n FROM generate_series(1, 8) n;
-- five levels, each embedding the document of the one below
CREATE TABLE tv_company AS SELECT c.pk_company, c.id, jsonb_build_object('name', c.name) AS data FROM tb_company c;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, u.fk_company, jsonb_build_object('name', u.name, 'company', c.data) AS data FROM tb_user u JOIN tv_company c ON c.pk_company = u.fk_company;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_comment AS SELECT c.pk_comment, c.id, c.fk_post, jsonb_build_object('body', c.body, 'post', p.data) AS data FROM tb_comment c JOIN tv_post p ON p.pk_post = c.fk_post;
CREATE TABLE tv_reply AS SELECT r.pk_reply, r.id, jsonb_build_object('body', r.body, 'comment', c.data) AS data FROM tb_reply r JOIN tv_comment c ON c.pk_comment = r.fk_comment;
SELECT data FROM tv_reply WHERE pk_reply = 1;
SELECT * FROM pg_tviews_show_cascade_path('company');
SELECT entity, depends_on, dependency_type, depends_on_entity FROM pg_tview_dependencies ORDER BY entity, depends_on::text COLLATE "C";
UPDATE tb_company SET name = 'renamed' WHERE pk_company = 1;
SELECT assert_exact();
SELECT count(*) FROM tv_reply WHERE data #>> '{comment,post,author,company,name}' = 'renamed';
UPDATE tb_user SET fk_company = 1 WHERE pk_user = 2;
SELECT assert_exact();
DELETE FROM tb_company WHERE pk_company = 2;
SELECT assert_exact();
INSERT INTO tb_company VALUES (2, uid(2), 'back');
SELECT assert_exact();
BEGIN;
UPDATE tb_reply SET body = 'all levels';
UPDATE tb_comment SET body = 'all levels', fk_post = 3 WHERE pk_comment < 3;
UPDATE tb_post SET fk_user = 2 WHERE pk_post = 3;
UPDATE tb_user SET fk_company = 3 - fk_company;
UPDATE tb_company SET name = 'all levels';
SELECT assert_exact();
UPDATE tb_company SET name = 'and again';
DELETE FROM tb_comment WHERE pk_comment = 4;
COMMIT;
SELECT assert_exact();
-- a diamond, with both ways of different length, and an aggregate back up
CREATE TABLE tv_stats AS SELECT c.pk_company, c.id, jsonb_build_object('company', c.data, 'users', (SELECT jsonb_agg(u.data->'name' ORDER BY u.pk_user) FROM tv_user u WHERE u.fk_company = c.pk_company),
        'posts', (SELECT count(*) FROM tv_post p JOIN tv_user u ON u.pk_user = p.fk_user WHERE u.fk_company = c.pk_company)) AS data FROM tv_company c;
CREATE TABLE tv_diamond AS SELECT u.pk_user, u.id, jsonb_build_object('user', u.data, 'stats', s.data) AS data FROM tv_user u JOIN tv_stats s ON s.pk_company = u.fk_company;
SELECT entity, line FROM pg_tview_meta, pg_tviews_explain(entity) line WHERE line LIKE 'TVIEW %' ORDER BY 1;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
-- each row is written once per flush: the trigger counts
CREATE TABLE log (entity text, id uuid);
CREATE FUNCTION count_writes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO cascade_.log VALUES (TG_TABLE_NAME, coalesce(NEW.id, OLD.id)); RETURN NULL; END $$;
SELECT format('CREATE TRIGGER count_writes AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION count_writes()', table_oid) FROM pg_tview_meta ORDER BY entity \gexec
UPDATE tb_company SET name = 'once' WHERE pk_company = 1;
SELECT entity, count(*) AS writes, count(DISTINCT id) AS rows FROM log GROUP BY 1 ORDER BY 1;
SELECT assert_exact();
TRUNCATE log;
BEGIN;
UPDATE tb_user SET name = 'twice ' || pk_user WHERE fk_company = 2;
UPDATE tb_company SET name = 'twice' WHERE pk_company = 2;
UPDATE tb_user SET name = 'three times ' || pk_user WHERE fk_company = 2;
COMMIT;
SELECT entity, count(*) AS writes, count(DISTINCT id) AS rows FROM log GROUP BY 1 ORDER BY 1;
SELECT assert_exact();
-- dropping from below: refused, or all of what is above
DROP TABLE tv_company;
BEGIN;
DROP TABLE tv_post CASCADE;
SELECT entity FROM pg_tview_meta ORDER BY entity;
UPDATE tb_company SET name = 'rolled back';
ROLLBACK;
SELECT assert_exact();
DROP TABLE tv_post CASCADE;
SELECT entity FROM pg_tview_meta ORDER BY entity;
UPDATE tb_company SET name = 'without posts';
UPDATE tb_post SET title = 'free';
SELECT assert_exact();
SELECT pg_tviews_drop('company', cascade => true);
SELECT assert_gone();

-- ten on one table
SELECT format('CREATE TABLE tv_ten%s AS SELECT u.pk_user, u.id, jsonb_build_object(%L, u.name, %L, c.name) AS data FROM tb_user u JOIN tb_company c ON c.pk_company = u.fk_company WHERE u.pk_user <> %s', n, 'n' || n, 'c', n)
  FROM generate_series(1, 10) n \gexec
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'tview%' AND tgrelid = 'tb_user'::regclass AND tgtype & 1 = 1;
UPDATE tb_user SET name = 'ten';
UPDATE tb_company SET name = 'ten' WHERE pk_company = 1;
DELETE FROM tb_user WHERE pk_user = 1;
SELECT assert_exact();
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;

-- depth
SET pg_tviews.max_cascade_depth = 2;
CREATE TABLE tv_company AS SELECT c.pk_company, c.id, jsonb_build_object('name', c.name) AS data FROM tb_company c;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, u.fk_company, jsonb_build_object('company', c.data) AS data FROM tb_user u JOIN tv_company c ON c.pk_company = u.fk_company;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('author', u.data) AS data FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
\echo :LAST_ERROR_SQLSTATE
RESET pg_tviews.max_cascade_depth;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('author', u.data) AS data FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
-- cycles
SELECT error_of($$SELECT pg_tviews_replace('company', 'SELECT c.pk_company, c.id, jsonb_build_object(''u'', (SELECT count(*) FROM tv_user u WHERE u.fk_company = c.pk_company)) AS data FROM tb_company c')$$);
SELECT error_of($$SELECT pg_tviews_replace('user', 'SELECT pk_user, id, fk_company, data FROM tv_user')$$);
SELECT error_of($$SELECT pg_tviews_replace('user', 'SELECT u.pk_user, u.id, u.fk_company, p.data FROM tb_user u LEFT JOIN v_post p ON p.pk_post = u.pk_user')$$);
SELECT assert_exact();
-- on the view of a TVIEW instead of its table: as if the definition were written out
CREATE TABLE tv_on_view AS SELECT pk_user, id, data || '{"on": "view"}' AS data FROM v_user;
SELECT dependencies FROM pg_tview_meta WHERE entity = 'on_view';
UPDATE tb_company SET name = 'through the view';
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA cascade_ CASCADE;
SELECT assert_gone();
