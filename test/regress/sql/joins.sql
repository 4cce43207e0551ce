-- joins - inner joins: several levels, one table in two roles, filters, soft deletes, comma joins, USING and NATURAL.
\a \t
CREATE SCHEMA joins;
SET search_path = joins, public;
CREATE TABLE tb_company (pk_company int PRIMARY KEY, id uuid NOT NULL, name text, country text);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, fk_company int, name text, deleted_at date);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_author int, fk_editor int, title text, published boolean DEFAULT true);
INSERT INTO tb_company SELECT n, uid(n), 'company ' || n, 'C' || n FROM generate_series(1, 3) n;
INSERT INTO tb_user SELECT n, uid(n), 1 + n % 3, 'user ' || n FROM generate_series(1, 5) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 5, 1 + (n + 1) % 5, 'post ' || n FROM generate_series(1, 8) n;

CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, p.fk_author, c.pk_company AS fk_company, c.id AS company_id,
       jsonb_build_object('title', p.title,
                          'author', jsonb_build_object('name', a.name, 'company', jsonb_build_object('name', c.name)),
                          'editor', jsonb_build_object('name', e.name)) AS data
  FROM tb_post p
  JOIN tb_user a ON a.pk_user = p.fk_author AND a.deleted_at IS NULL
  JOIN tb_user e ON e.pk_user = p.fk_editor
  JOIN tb_company c ON c.pk_company = a.fk_company
 WHERE p.published;
SELECT * FROM strategies('post');
SELECT pk_post, fk_company, data FROM tv_post ORDER BY pk_post;
-- root
INSERT INTO tb_post VALUES (9, uid(9), 1, 1, 'nine', false), (10, uid(10), 1, 2, 'ten', true), (11, uid(11), 1, NULL, 'no editor', true);
SELECT assert_exact();
UPDATE tb_post SET published = true WHERE pk_post = 9;
SELECT assert_exact();
UPDATE tb_post SET published = NULL WHERE pk_post = 10;
SELECT assert_exact();
UPDATE tb_post SET fk_editor = 3 WHERE pk_post IN (9, 11);
SELECT assert_exact();
UPDATE tb_post SET fk_author = 99 WHERE pk_post = 9;
SELECT assert_exact();
UPDATE tb_post SET pk_post = pk_post + 100 WHERE pk_post < 4;
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post IN (5, 103);
SELECT assert_exact();
-- parents in both roles
UPDATE tb_user SET name = 'both roles' WHERE pk_user = 2;
SELECT assert_exact();
UPDATE tb_user SET deleted_at = '2024-01-01' WHERE pk_user = 2;
SELECT assert_exact();
UPDATE tb_user SET deleted_at = '2024-01-02' WHERE pk_user = 2;
UPDATE tb_user SET deleted_at = NULL, name = 'back' WHERE pk_user = 2;
SELECT assert_exact();
INSERT INTO tb_user VALUES (99, uid(99), 1, 'appears later');
SELECT assert_exact();
DELETE FROM tb_user WHERE pk_user = 1;
SELECT assert_exact();
UPDATE tb_user SET pk_user = 1 WHERE pk_user = 3;
SELECT assert_exact();
UPDATE tb_user SET fk_company = 3;
SELECT assert_exact();
-- grandparents
UPDATE tb_company SET name = name || '!';
SELECT assert_exact();
UPDATE tb_company SET pk_company = 33 WHERE pk_company = 3;
SELECT assert_exact();
UPDATE tb_company SET pk_company = 3 WHERE pk_company = 33;
SELECT assert_exact();
-- the whole path in one transaction, nearest first and farthest first
BEGIN;
UPDATE tb_post SET fk_author = 4 WHERE pk_post = 6;
UPDATE tb_user SET fk_company = 1 WHERE pk_user = 4;
UPDATE tb_company SET name = 'moved to' WHERE pk_company = 1;
SELECT assert_exact();
UPDATE tb_company SET name = 'moved from' WHERE pk_company = 3;
UPDATE tb_user SET fk_company = 2 WHERE pk_user = 4;
UPDATE tb_post SET fk_author = 5 WHERE pk_post = 6;
COMMIT;
SELECT assert_exact();
DROP TABLE tv_post;

-- Comma joins, USING, NATURAL, parentheses, a cross join that a WHERE makes an inner one.
CREATE TABLE tb_a (pk_a int PRIMARY KEY, id uuid NOT NULL, b int, x text);
CREATE TABLE tb_b (b int PRIMARY KEY, c int, y text);
CREATE TABLE tb_c (c int PRIMARY KEY, z text);
INSERT INTO tb_a SELECT n, uid(n), n % 4, 'x' || n FROM generate_series(1, 8) n;
INSERT INTO tb_b SELECT n, n % 2, 'y' || n FROM generate_series(0, 3) n;
INSERT INTO tb_c SELECT n, 'z' || n FROM generate_series(0, 1) n;
CREATE TABLE tv_comma AS SELECT pk_a, id, jsonb_build_array(x, y, z) AS data FROM tb_a, tb_b, tb_c
 WHERE tb_a.b = tb_b.b AND tb_b.c = tb_c.c AND x <> y;
CREATE TABLE tv_using AS SELECT pk_a, id, b, c, jsonb_build_array(x, y, z) AS data FROM tb_a JOIN tb_b USING (b) JOIN tb_c USING (c);
CREATE TABLE tv_natural AS SELECT pk_a, id, jsonb_build_array(x, y, z) AS data FROM tb_c NATURAL JOIN tb_b NATURAL JOIN tb_a;
CREATE TABLE tv_alias AS SELECT j.pk_a, j.id, to_jsonb(j.y || j.z) AS data FROM (tb_a JOIN (tb_b JOIN tb_c USING (c)) USING (b)) AS j;
CREATE TABLE tv_cross AS SELECT pk_a, id, jsonb_build_array(x, y) AS data FROM tb_a CROSS JOIN tb_b WHERE tb_a.b = tb_b.b;
SELECT assert_exact();
UPDATE tb_c SET z = 'Z' WHERE c = 1;
SELECT assert_exact();
UPDATE tb_b SET c = 1 - c, y = upper(y);
SELECT assert_exact();
UPDATE tb_a SET b = b + 1 WHERE pk_a % 2 = 0;
SELECT assert_exact();
DELETE FROM tb_b WHERE b = 2;
INSERT INTO tb_b VALUES (4, 0, 'new'), (2, 0, 'again');
SELECT assert_exact();
DELETE FROM tb_c;
SELECT assert_exact();
INSERT INTO tb_c VALUES (0, 'nil');
SELECT assert_exact();
DROP TABLE tv_comma, tv_using, tv_natural, tv_alias, tv_cross;

-- Joins without any condition: every row matters to every key, which creation announces.
CREATE TABLE tb_setting (name text, value text);
INSERT INTO tb_setting VALUES ('site', 'blog');
CREATE TABLE tv_a AS SELECT a.pk_a, a.id, jsonb_build_object(s.name, s.value, 'x', a.x) AS data FROM tb_a a CROSS JOIN tb_setting s;
SELECT * FROM strategies('a');
UPDATE tb_setting SET value = 'shop';
SELECT assert_exact();
UPDATE tb_a SET x = 'one' WHERE pk_a = 1;
SELECT assert_exact();
DELETE FROM tb_setting;
SELECT assert_exact();
INSERT INTO tb_setting VALUES ('site', NULL);
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA joins CASCADE;
SELECT assert_gone();
