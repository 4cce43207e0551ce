-- versions - a library and an extension that do not belong together: nothing is guessed, nothing is lost.
CREATE SCHEMA versions;
SET search_path = versions, public;
\pset format unaligned
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid, title text);
INSERT INTO tb_post VALUES (1, uid(1), 'a');
CREATE TABLE tv_post AS SELECT pk_post, id, jsonb_build_object('title', title) AS data FROM tb_post;

-- another version: an update script ends like this, so that sessions look again
BEGIN;
UPDATE pg_extension SET extversion = '0.0.7' WHERE extname = 'pg_tviews';
UPDATE pg_tview_meta SET entity = entity WHERE false;
SELECT pg_tviews_version();
SELECT status, message FROM pg_tviews_health_check() WHERE status <> 'OK';
SAVEPOINT s;
UPDATE tb_post SET title = 'b';
ROLLBACK TO s;
SELECT pg_tviews_refresh('post');
ROLLBACK TO s;
SELECT data FROM tv_post;
SELECT count(*) FROM tb_post;
ALTER TABLE tb_post ADD COLUMN more int;
ROLLBACK TO s;
CREATE TABLE tv_more AS TABLE tv_post;
ROLLBACK TO s;
DROP TABLE tv_post;
ROLLBACK TO s;
-- a release that changes nothing the two have in common
UPDATE pg_extension SET extversion = '0.1.99' WHERE extname = 'pg_tviews';
SELECT status, message FROM pg_tviews_health_check() WHERE status <> 'OK';
UPDATE tb_post SET title = 'b';
SELECT data FROM tv_post;
ROLLBACK;

-- as before
UPDATE tb_post SET title = 'c';
SELECT data FROM tv_post;
SELECT * FROM pg_tviews_verify('post');
SET client_min_messages = warning;
DROP SCHEMA versions CASCADE;
