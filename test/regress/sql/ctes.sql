-- ctes - WITH: chained, unused, used twice, MATERIALIZED or not, shadowing names, nested, recursive.
\a \t
CREATE SCHEMA ctes;
SET search_path = ctes, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, fk_boss int);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, fk_user int, title text, score int);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, nullif(n / 2, 0) FROM generate_series(1, 6) n;
INSERT INTO tb_post SELECT n, 1 + n % 4, 'post ' || n, n FROM generate_series(1, 8) n;
CREATE TABLE tv_chained AS
WITH good AS (SELECT * FROM tb_post WHERE score > 2),
     totals AS (SELECT fk_user, count(*) AS n, sum(score) AS score FROM good GROUP BY fk_user),
     unused AS (SELECT * FROM tb_user)
SELECT u.pk_user, u.id, jsonb_build_object('n', t.n, 'score', t.score) AS data FROM tb_user u LEFT JOIN totals t ON t.fk_user = u.pk_user;
CREATE TABLE tv_twice AS
WITH p AS (SELECT pk_post, fk_user, title FROM tb_post)
SELECT a.pk_post, uid(a.pk_post) AS id, jsonb_build_object('title', a.title, 'others', (SELECT jsonb_agg(b.title ORDER BY b.pk_post) FROM p b WHERE b.fk_user = a.fk_user AND b.pk_post <> a.pk_post)) AS data
  FROM p a;
CREATE TABLE tv_materialized AS
WITH m AS MATERIALIZED (SELECT fk_user, max(title) AS title FROM tb_post GROUP BY fk_user), n AS NOT MATERIALIZED (SELECT pk_user, id, name FROM tb_user)
SELECT n.pk_user, n.id, jsonb_build_object('name', n.name, 'title', m.title) AS data FROM n JOIN m ON m.fk_user = n.pk_user;
CREATE TABLE tv_shadow AS
WITH tb_user AS (SELECT pk_user, id, 'shadow of ' || name AS name FROM ctes.tb_user)
SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
CREATE TABLE tv_inner AS
SELECT u.pk_user, u.id, (WITH mine AS (SELECT * FROM tb_post p WHERE p.fk_user = u.pk_user), best AS (SELECT max(score) AS s FROM mine)
        SELECT jsonb_agg(m.title ORDER BY m.pk_post) FROM mine m, best b WHERE m.score = b.s) AS data FROM tb_user u;
CREATE TABLE tv_in_where AS
WITH busy AS (SELECT fk_user FROM tb_post GROUP BY fk_user HAVING count(*) > 1)
SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u WHERE u.pk_user IN (SELECT fk_user FROM busy);
-- recursive: announced, and refreshed whole
CREATE TABLE tv_tree AS
WITH RECURSIVE up (pk_user, ancestor, depth) AS (
    SELECT pk_user, fk_boss, 1 FROM tb_user WHERE fk_boss IS NOT NULL
    UNION ALL
    SELECT up.pk_user, u.fk_boss, up.depth + 1 FROM up JOIN tb_user u ON u.pk_user = up.ancestor WHERE u.fk_boss IS NOT NULL AND up.depth < 10)
SELECT u.pk_user, u.id, jsonb_build_object('ancestors', coalesce((SELECT jsonb_agg(ancestor ORDER BY depth) FROM up WHERE up.pk_user = u.pk_user), '[]')) AS data
  FROM tb_user u;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_user, data FROM tv_chained ORDER BY pk_user;
SELECT pk_user, data FROM tv_tree ORDER BY pk_user;
SELECT assert_exact();
UPDATE tb_post SET score = 3 WHERE pk_post = 1;
SELECT assert_exact();
UPDATE tb_post SET fk_user = 5 WHERE pk_post IN (2, 3);
SELECT assert_exact();
UPDATE tb_post SET title = upper(title) WHERE pk_post = 4;
SELECT assert_exact();
UPDATE tb_user SET name = 'renamed' WHERE pk_user = 2;
SELECT assert_exact();
UPDATE tb_user SET fk_boss = 6 WHERE pk_user = 4;
SELECT assert_exact();
SELECT pk_user, data FROM tv_tree WHERE pk_user = 4;
UPDATE tb_user SET fk_boss = 4 WHERE pk_user = 1; -- a cycle
SELECT assert_exact();
DELETE FROM tb_user WHERE pk_user = 6;
SELECT assert_exact();
INSERT INTO tb_user VALUES (7, uid(7), 'seven', 4);
INSERT INTO tb_post VALUES (9, 7, 'nine', 9), (10, 7, 'ten', 9);
SELECT assert_exact();
DELETE FROM tb_post WHERE fk_user = 1;
SELECT assert_exact();
TRUNCATE tb_post;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA ctes CASCADE;
SELECT assert_gone();
