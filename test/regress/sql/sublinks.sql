-- sublinks - scalar, ARRAY, EXISTS, NOT EXISTS, IN, NOT IN, ANY and ALL sub-selects, in the SELECT list and in WHERE.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA sublinks;
SET search_path = sublinks, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, fk_team int);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, fk_user int, title text, score int);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, fk_post int, fk_user int, body text);
CREATE TABLE tb_banned (name text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, n % 2 FROM generate_series(1, 5) n;
INSERT INTO tb_post SELECT n, 1 + n % 3, 'post ' || n, n FROM generate_series(1, 6) n;
INSERT INTO tb_comment SELECT n, 1 + n % 4, 1 + n % 5, 'comment ' || n FROM generate_series(1, 8) n;
CREATE TABLE tv_list AS
SELECT u.pk_user, u.id,
       jsonb_build_object('last', (SELECT p.title FROM tb_post p WHERE p.fk_user = u.pk_user ORDER BY p.score DESC LIMIT 1),
                          'count', (SELECT count(*) FROM tb_post p WHERE p.fk_user = u.pk_user),
                          'titles', ARRAY(SELECT p.title FROM tb_post p WHERE p.fk_user = u.pk_user ORDER BY p.pk_post),
                          'writes', EXISTS (SELECT FROM tb_post p WHERE p.fk_user = u.pk_user),
                          'silent', NOT EXISTS (SELECT FROM tb_comment c WHERE c.fk_user = u.pk_user),
                          'posts', (SELECT jsonb_agg(jsonb_build_object('title', p.title,
                                       'comments', (SELECT jsonb_agg(jsonb_build_object('body', c.body, 'by', a.name) ORDER BY c.pk_comment)
                                                      FROM tb_comment c JOIN tb_user a ON a.pk_user = c.fk_user WHERE c.fk_post = p.pk_post)) ORDER BY p.pk_post)
                                      FROM tb_post p WHERE p.fk_user = u.pk_user)) AS data
  FROM tb_user u;
CREATE TABLE tv_exists AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u
 WHERE EXISTS (SELECT FROM tb_post p JOIN tb_comment c ON c.fk_post = p.pk_post WHERE p.fk_user = u.pk_user AND c.fk_user <> u.pk_user);
CREATE TABLE tv_not_exists AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u
 WHERE NOT EXISTS (SELECT FROM tb_post p WHERE p.fk_user = u.pk_user AND p.score > 4);
CREATE TABLE tv_in AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u WHERE u.pk_user IN (SELECT fk_user FROM tb_comment);
CREATE TABLE tv_any AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u WHERE u.pk_user = ANY (SELECT fk_user FROM tb_post WHERE score < 3);
CREATE TABLE tv_row_in AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u
 WHERE (u.pk_user, u.fk_team) IN (SELECT c.fk_user, c.fk_post % 2 FROM tb_comment c);
CREATE TABLE tv_or AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u
 WHERE u.fk_team = 1 OR EXISTS (SELECT FROM tb_post p WHERE p.fk_user = u.pk_user AND p.score = 6);
CREATE TABLE tv_case AS SELECT u.pk_user, u.id, to_jsonb(CASE WHEN u.fk_team = 1 THEN (SELECT max(p.title) FROM tb_post p WHERE p.fk_user = u.pk_user) ELSE 'other' END) AS data FROM tb_user u;
-- those that no condition ties to a key: a NULL in the list turns false into NULL for every row
CREATE TABLE tv_in_list AS SELECT u.pk_user, u.id, to_jsonb(u.pk_user IN (SELECT p.fk_user FROM tb_post p WHERE p.score > 4)) AS data FROM tb_user u;
CREATE TABLE tv_not_in AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u WHERE u.name NOT IN (SELECT b.name FROM tb_banned b);
CREATE TABLE tv_average AS SELECT p.pk_post, uid(p.pk_post) AS id, to_jsonb(p.score) AS data FROM tb_post p WHERE p.score > (SELECT avg(score) FROM tb_post);
CREATE TABLE tv_all AS SELECT p.pk_post, uid(p.pk_post) AS id, to_jsonb(p.title) AS data FROM tb_post p WHERE p.score >= ALL (SELECT score FROM tb_post);
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT * FROM strategies('list');
SELECT jsonb_pretty(data) FROM tv_list WHERE pk_user = 2;
SELECT assert_exact();
INSERT INTO tb_post VALUES (7, 4, 'seven', 7);
SELECT assert_exact();
UPDATE tb_post SET score = 5 - score WHERE pk_post < 4;
SELECT assert_exact();
UPDATE tb_post SET fk_user = 5 WHERE fk_user = 1;
SELECT assert_exact();
INSERT INTO tb_comment VALUES (9, 7, 1, 'nine'), (10, 7, NULL, 'nobody');
SELECT assert_exact();
UPDATE tb_comment SET fk_post = 7 WHERE pk_comment < 4;
SELECT assert_exact();
UPDATE tb_user SET name = 'commenter' WHERE pk_user = 1;
SELECT assert_exact();
UPDATE tb_user SET fk_team = 1 - fk_team;
SELECT assert_exact();
INSERT INTO tb_banned VALUES ('user 2');
SELECT assert_exact();
INSERT INTO tb_banned VALUES (NULL);
SELECT assert_exact();
DELETE FROM tb_banned WHERE name IS NULL;
SELECT assert_exact();
DELETE FROM tb_comment WHERE pk_comment IN (2, 4, 9);
SELECT assert_exact();
DELETE FROM tb_user WHERE pk_user = 1;
SELECT assert_exact();
INSERT INTO tb_user VALUES (1, uid(1), 'one again', 1), (6, uid(6), 'six', 0);
SELECT assert_exact();
UPDATE tb_user SET pk_user = 7 WHERE pk_user = 5;
SELECT assert_exact();
TRUNCATE tb_comment;
SELECT assert_exact();
UPDATE tb_post SET fk_user = NULL WHERE score > 4;
SELECT assert_exact();
SELECT pk_user, data FROM tv_in_list ORDER BY 1;
DELETE FROM tb_post;
SELECT assert_exact();
INSERT INTO tb_post VALUES (1, 7, 'again', 1);
INSERT INTO tb_comment VALUES (1, 1, 2, 'again');
SELECT assert_exact();
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;

-- Deep: three levels of correlation, the innermost to the outermost; a scalar sub-select that finds two rows.
CREATE TABLE tv_deep AS
SELECT u.pk_user, u.id, jsonb_build_object('n', (SELECT count(*) FROM tb_post p WHERE EXISTS
         (SELECT FROM tb_comment c WHERE c.fk_post = p.pk_post AND c.fk_user = u.pk_user
             AND EXISTS (SELECT FROM tb_banned b WHERE b.name = u.name AND length(c.body) > p.score)))) AS data FROM tb_user u;
CREATE TABLE tv_scalar AS SELECT u.pk_user, u.id, to_jsonb((SELECT p.title FROM tb_post p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;
SELECT pk_user, data FROM tv_deep ORDER BY 1;
INSERT INTO tb_banned VALUES ('user 3');
UPDATE tb_comment SET fk_user = 3;
SELECT assert_exact();
SELECT pk_user, data FROM tv_deep WHERE data <> '{"n": 0}';
UPDATE tb_comment SET body = '';
SELECT assert_exact();
UPDATE tb_post SET score = -1;
SELECT assert_exact();
INSERT INTO tb_post VALUES (2, 7, 'too many', 1);
SELECT assert_exact(), (SELECT count(*) FROM tb_post);
SET client_min_messages = warning;
DROP SCHEMA sublinks CASCADE;
SELECT assert_gone();
