-- truncate - TRUNCATE of root, parent and child tables: alone, several, CASCADE, rolled back, in between other writes.
\a \t
CREATE SCHEMA truncate_;
SET search_path = truncate_, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int REFERENCES tb_user, title text);
CREATE TABLE tb_tag (pk_tag serial PRIMARY KEY, fk_post int REFERENCES tb_post, tag text);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n ON CONFLICT DO NOTHING;
    INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(1, 6) n ON CONFLICT DO NOTHING;
    INSERT INTO tb_tag (fk_post, tag) SELECT 1 + n % 6, 'tag ' || n FROM generate_series(1, 6) n;
END
$$;
CALL fill();
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', u.name, 'tags', count(t.pk_tag)) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user LEFT JOIN tb_tag t ON t.fk_post = p.pk_post GROUP BY p.pk_post, u.pk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, coalesce((SELECT jsonb_agg(p.data ORDER BY p.pk_post) FROM tv_post p JOIN tb_post b USING (pk_post) WHERE b.fk_user = u.pk_user), '[]') AS data FROM tb_user u;
SELECT assert_exact();
TRUNCATE tb_tag RESTART IDENTITY;
SELECT assert_exact();
SELECT pk_post, data FROM tv_post ORDER BY 1 LIMIT 1;
TRUNCATE tb_post;
TRUNCATE tb_post, tb_tag;
SELECT assert_exact();
CALL fill();
SELECT assert_exact();
TRUNCATE tb_user CASCADE;
SELECT assert_exact();
CALL fill();
BEGIN;
TRUNCATE tb_user CASCADE;
SELECT assert_exact();
ROLLBACK;
SELECT assert_exact();
BEGIN;
SAVEPOINT s;
TRUNCATE tb_tag;
SELECT assert_exact();
ROLLBACK TO s;
SELECT assert_exact();
UPDATE tb_tag SET fk_post = 2 WHERE fk_post = 1;
COMMIT;
SELECT assert_exact();
BEGIN;
INSERT INTO tb_tag (fk_post, tag) VALUES (1, 'before');
TRUNCATE tb_tag;
INSERT INTO tb_tag (fk_post, tag) VALUES (2, 'after');
UPDATE tb_post SET title = 'same transaction' WHERE pk_post = 1;
COMMIT;
SELECT assert_exact();
BEGIN;
TRUNCATE tb_tag;
COPY tb_tag (fk_post, tag) FROM stdin;
1	frozen
6	cold
\.
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
TRUNCATE ONLY tb_tag;
TRUNCATE tb_tag; -- nothing to do
SELECT assert_exact();
-- TVIEWs are not to be truncated, directly or by CASCADE of something else.
TRUNCATE tv_post;
TRUNCATE tb_tag, tv_user;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA truncate_ CASCADE;
SELECT assert_gone();
