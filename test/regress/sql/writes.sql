-- writes - every way of writing a base table: multi-row, COPY, ON CONFLICT, MERGE, CTEs, joins, key updates and swaps.
\a \t
CREATE SCHEMA writes;
SET search_path = writes, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY DEFERRABLE INITIALLY IMMEDIATE, id uuid NOT NULL, name text, version int DEFAULT 0);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text, n int DEFAULT 0);
CREATE TABLE tb_tag (tag text, fk_post int, PRIMARY KEY (tag, fk_post));
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 4, 'post ' || n FROM generate_series(1, 8) n;
INSERT INTO tb_tag SELECT 'tag ' || n % 2, n FROM generate_series(1, 8) n;
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'n', p.n, 'author', u.name,
       'tags', (SELECT jsonb_agg(t.tag ORDER BY t.tag) FROM tb_tag t WHERE t.fk_post = p.pk_post)) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_user AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', coalesce(jsonb_agg(p.title ORDER BY p.pk_post) FILTER (WHERE p.pk_post IS NOT NULL), '[]')) AS data
  FROM tb_user u LEFT JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY u.pk_user, u.id, u.name;
SELECT assert_exact();

-- many rows
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 5, 'bulk ' || n FROM generate_series(101, 130) n;
SELECT assert_exact();
UPDATE tb_post SET title = upper(title), fk_user = 1 + pk_post % 3;
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post BETWEEN 110 AND 120;
SELECT assert_exact();
INSERT INTO tb_post TABLE tb_post LIMIT 0;
UPDATE tb_post SET title = 'no row' WHERE false;
SELECT assert_exact();
-- COPY
COPY tb_post (pk_post, id, fk_user, title) FROM stdin WITH (FORMAT csv);
201,00000000-0000-0000-0000-000000000201,2,copied
202,00000000-0000-0000-0000-000000000202,9,"no, author"
203,00000000-0000-0000-0000-000000000203,3,
\.
SELECT assert_exact();
COPY tb_user (pk_user, id, name) FROM stdin;
9	00000000-0000-0000-0000-000000000009	late
\.
SELECT assert_exact();
COPY tb_post (pk_post, id, fk_user, title) FROM stdin;
301	00000000-0000-0000-0000-000000000301	1	fine
301	00000000-0000-0000-0000-000000000302	1	twice
\.
SELECT assert_exact();
-- ON CONFLICT
INSERT INTO tb_post (pk_post, id, fk_user, title) VALUES (1, uid(1), 2, 'conflict'), (401, uid(401), 2, 'new') ON CONFLICT (pk_post) DO NOTHING;
SELECT assert_exact();
INSERT INTO tb_post (pk_post, id, fk_user, title) VALUES (1, uid(1), 2, 'conflict'), (402, uid(402), 2, 'new')
    ON CONFLICT (pk_post) DO UPDATE SET title = excluded.title || ' resolved', n = tb_post.n + 1;
SELECT assert_exact();
INSERT INTO tb_post (pk_post, id, fk_user, title) SELECT pk_post, id, fk_user, 'unchanged' FROM tb_post
    ON CONFLICT (pk_post) DO UPDATE SET fk_user = 3 WHERE tb_post.pk_post < 4;
SELECT assert_exact();
INSERT INTO tb_tag VALUES ('tag 1', 1), ('tag 3', 1) ON CONFLICT DO NOTHING;
SELECT pk_post, data FROM tv_post WHERE pk_post IN (1, 402) ORDER BY 1;
SELECT assert_exact();
-- MERGE
MERGE INTO tb_post p USING (VALUES (1, 'merged'), (2, NULL), (501, 'inserted')) s (pk, title) ON s.pk = p.pk_post
    WHEN MATCHED AND s.title IS NULL THEN DELETE
    WHEN MATCHED THEN UPDATE SET title = s.title
    WHEN NOT MATCHED THEN INSERT (pk_post, id, fk_user, title) VALUES (s.pk, uid(s.pk), 1, s.title);
SELECT assert_exact();
MERGE INTO tb_user u USING tb_post p ON p.pk_post = u.pk_user WHEN MATCHED AND u.pk_user = 3 THEN DO NOTHING WHEN MATCHED THEN UPDATE SET name = p.title;
SELECT assert_exact();
-- data-modifying CTEs on several tables, the main statement too
WITH u AS (INSERT INTO tb_user VALUES (10, uid(10), 'ten') RETURNING pk_user),
     p AS (INSERT INTO tb_post SELECT 601, uid(601), pk_user, 'by ten' FROM u RETURNING pk_post),
     t AS (INSERT INTO tb_tag SELECT 'cte', pk_post FROM p RETURNING fk_post),
     d AS (DELETE FROM tb_tag WHERE fk_post = 3 RETURNING *)
UPDATE tb_post SET title = 'with ' || (SELECT count(*) FROM d) || ' deleted' WHERE pk_post = 4;
SELECT assert_exact();
SELECT pk_post, data FROM tv_post WHERE pk_post IN (3, 4, 601) ORDER BY 1;
WITH moved AS (DELETE FROM tb_post WHERE pk_post > 400 RETURNING *) INSERT INTO tb_post SELECT pk_post + 1000, id, fk_user, title FROM moved;
SELECT assert_exact();
-- UPDATE ... FROM, DELETE ... USING, RETURNING, sub-selects
UPDATE tb_post p SET title = u.name || '''s', n = p.n + 1 FROM tb_user u WHERE u.pk_user = p.fk_user AND u.pk_user < 3;
SELECT assert_exact();
DELETE FROM tb_tag t USING tb_post p WHERE p.pk_post = t.fk_post AND p.n > 0;
SELECT assert_exact();
UPDATE tb_post SET (title, n) = (SELECT name, version FROM tb_user WHERE pk_user = fk_user) WHERE pk_post < 6 RETURNING pk_post;
SELECT assert_exact();
DELETE FROM tb_post WHERE fk_user IN (SELECT pk_user FROM tb_user WHERE name = 'ten');
SELECT assert_exact();
-- keys: changed, swapped, shifted, replaced in one transaction
UPDATE tb_user SET pk_user = 11 WHERE pk_user = 10;
SELECT assert_exact();
UPDATE tb_user SET pk_user = CASE pk_user WHEN 1 THEN 2 ELSE 1 END WHERE pk_user IN (1, 2);
SELECT assert_exact();
UPDATE tb_user SET pk_user = pk_user + 1;
SELECT assert_exact();
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
UPDATE tb_user SET pk_user = 4 WHERE pk_user = 2;
UPDATE tb_user SET pk_user = 2 WHERE name = (SELECT name FROM tb_user WHERE pk_user = 4 ORDER BY id LIMIT 1);
COMMIT;
SELECT assert_exact();
BEGIN;
DELETE FROM tb_post WHERE pk_post = 5;
INSERT INTO tb_post VALUES (5, uid(5005), 3, 'reborn');
UPDATE tb_post SET pk_post = 6000 WHERE pk_post = 6;
UPDATE tb_post SET pk_post = 6 WHERE pk_post = 6000;
COMMIT;
SELECT assert_exact();
BEGIN;
INSERT INTO tb_post VALUES (777, uid(777), 3, 'comes and goes');
DELETE FROM tb_post WHERE pk_post = 777;
INSERT INTO tb_post VALUES (777, uid(777), 3, 'comes again');
UPDATE tb_post SET pk_post = 778 WHERE pk_post = 777;
COMMIT;
SELECT assert_exact(), (SELECT count(*) FROM tv_post WHERE pk_post IN (777, 778));
-- failing statements change nothing
INSERT INTO tb_post VALUES (901, uid(901), 3, 'good'), (5, uid(5), 3, 'bad');
UPDATE tb_post SET pk_post = 5;
UPDATE tb_post SET n = 1 / (pk_post - 5);
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA writes CASCADE;
SELECT assert_gone();
