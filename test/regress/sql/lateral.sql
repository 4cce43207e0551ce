-- lateral - LATERAL subqueries: with LIMIT, aggregates, functions, on each other, and left joined.
\a \t
CREATE SCHEMA lateral_;
SET search_path = lateral_, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, keep int DEFAULT 2);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, fk_user int, title text, score int);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, fk_post int, body text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, 1 + n % 3, 'post ' || n, n % 4 FROM generate_series(1, 9) n;
INSERT INTO tb_comment SELECT n, 1 + n % 5, 'comment ' || n FROM generate_series(1, 10) n;
CREATE TABLE tv_latest AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'latest', coalesce(l.posts, '[]')) AS data
  FROM tb_user u LEFT JOIN LATERAL (SELECT jsonb_agg(x.title ORDER BY x.score DESC, x.pk_post) AS posts
         FROM (SELECT * FROM tb_post p WHERE p.fk_user = u.pk_user ORDER BY p.score DESC, p.pk_post LIMIT 2) x) l ON true;
CREATE TABLE tv_one AS
SELECT u.pk_user, u.id, to_jsonb(p.title) AS data
  FROM tb_user u CROSS JOIN LATERAL (SELECT title FROM tb_post p WHERE p.fk_user = u.pk_user ORDER BY score LIMIT 1) p;
CREATE TABLE tv_chain AS
SELECT u.pk_user, u.id, jsonb_build_object('post', p.title, 'comment', c.body, 'twice', t.twice) AS data
  FROM tb_user u
  JOIN LATERAL (SELECT * FROM tb_post p WHERE p.fk_user = u.pk_user ORDER BY p.score DESC, p.pk_post LIMIT 1) p ON true
  LEFT JOIN LATERAL (SELECT body FROM tb_comment c WHERE c.fk_post = p.pk_post ORDER BY pk_comment DESC LIMIT 1) c ON true,
  LATERAL (SELECT p.score * 2 AS twice) t;
CREATE TABLE tv_limit_column AS
SELECT u.pk_user, u.id, l.titles AS data
  FROM tb_user u, LATERAL (SELECT coalesce(jsonb_agg(p.title ORDER BY p.pk_post), '[]') AS titles FROM tb_post p WHERE p.fk_user = u.pk_user AND p.score < u.keep) l;
CREATE TABLE tv_others AS
SELECT u.pk_user, u.id, to_jsonb(o.n) AS data FROM tb_user u, LATERAL (SELECT count(*) AS n FROM tb_post p WHERE p.fk_user <> u.pk_user) o;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_user, data FROM tv_latest ORDER BY pk_user;
SELECT pk_user, data FROM tv_chain ORDER BY pk_user;
SELECT assert_exact();
UPDATE tb_post SET score = 10 WHERE pk_post = 4;
SELECT assert_exact();
INSERT INTO tb_post VALUES (10, 4, 'ten', 0), (11, 1, 'eleven', 10);
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post = 4;
SELECT assert_exact();
UPDATE tb_post SET fk_user = 4 WHERE fk_user = 1;
SELECT assert_exact();
INSERT INTO tb_comment VALUES (11, 10, 'late'), (12, 11, 'later');
SELECT assert_exact();
UPDATE tb_comment SET fk_post = fk_post + 1;
SELECT assert_exact();
UPDATE tb_user SET keep = 100, name = upper(name) WHERE pk_user > 2;
SELECT assert_exact();
UPDATE tb_post SET title = title || '?';
SELECT assert_exact();
DELETE FROM tb_user WHERE pk_user = 2;
INSERT INTO tb_user VALUES (2, uid(2), 'two', 1);
SELECT assert_exact();
TRUNCATE tb_post, tb_comment;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA lateral_ CASCADE;
SELECT assert_gone();
