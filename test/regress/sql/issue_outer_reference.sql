-- A subquery in a sub-select that refers further out than its own query cannot be asked alone: no key path leads through
-- it. It used to be written into the walk's query, which PostgreSQL could not print.
CREATE SCHEMA outer_reference;
SET search_path = outer_reference, public;
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid, fk_company int, fk_label int);
CREATE TABLE tb_label (pk_label int PRIMARY KEY, fk_company int, label text);
CREATE TABLE tb_company (pk_company int PRIMARY KEY, num int);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, num int);
INSERT INTO tb_comment SELECT n, uid(n), n % 3, n % 4 FROM generate_series(1, 8) n;
INSERT INTO tb_label SELECT n, n % 4, 'label ' || n FROM generate_series(1, 6) n;
INSERT INTO tb_company VALUES (1, 1);
INSERT INTO tb_user VALUES (1, 0);
CREATE TABLE tv_comment AS
SELECT c.pk_comment, c.id, jsonb_build_object('labels',
       (SELECT jsonb_agg(l.label ORDER BY l.pk_label) FROM tb_label l
               LEFT JOIN LATERAL (SELECT count(*) AS n FROM tb_company o WHERE o.pk_company = c.fk_company) AS q ON true
         WHERE c.fk_label = l.fk_company AND EXISTS (SELECT FROM tb_user u WHERE q.n = u.num))) AS data
  FROM tb_comment c;
SELECT assert_exact('tv_comment');
UPDATE tb_user SET num = 1;
SELECT assert_exact('tv_comment');
INSERT INTO tb_company VALUES (2, 1);
SELECT assert_exact('tv_comment');
DELETE FROM tb_company WHERE pk_company = 1;
SELECT assert_exact('tv_comment');
UPDATE tb_label SET label = 'other' WHERE pk_label = 2;
SELECT assert_exact('tv_comment');
SELECT data FROM tv_comment WHERE pk_comment IN (2, 6) ORDER BY pk_comment;
SET client_min_messages = warning;
DROP SCHEMA outer_reference CASCADE;
