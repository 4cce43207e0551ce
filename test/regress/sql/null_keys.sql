-- null_keys - rows without a key are left out: announced at creation, and never a reason for a write to fail.
\a \t
CREATE SCHEMA null_keys;
SET search_path = null_keys, public;
CREATE TABLE tb_a (pk_a int PRIMARY KEY, id uuid NOT NULL, fk_b int, name text);
CREATE TABLE tb_b (pk_b int PRIMARY KEY, id uuid, name text);
INSERT INTO tb_a SELECT n, uid(n), n, 'a' || n FROM generate_series(1, 3) n;
INSERT INTO tb_b SELECT n, uid(10 + n), 'b' || n FROM generate_series(2, 4) n;
-- the key comes from the nullable side
CREATE TABLE tv_b AS SELECT b.pk_b, b.id, jsonb_build_object('a', a.name, 'b', b.name) AS data FROM tb_a a LEFT JOIN tb_b b ON b.pk_b = a.fk_b;
CREATE TABLE tv_full AS SELECT a.pk_a AS pk_full, a.id, jsonb_build_object('a', a.name, 'b', b.name) AS data FROM tb_a a FULL JOIN tb_b b ON b.pk_b = a.fk_b;
SELECT * FROM tv_b ORDER BY 1;
SELECT * FROM tv_full ORDER BY 1;
SELECT assert_exact();
INSERT INTO tb_b VALUES (1, uid(11), 'b1'), (5, uid(15), 'b5');
SELECT assert_exact();
DELETE FROM tb_b WHERE pk_b IN (2, 5);
SELECT assert_exact();
UPDATE tb_a SET fk_b = NULL WHERE pk_a = 3;
SELECT assert_exact();
UPDATE tb_a SET fk_b = 4 WHERE pk_a = 3;
SELECT assert_exact();
DELETE FROM tb_a WHERE pk_a = 1;
SELECT assert_exact();
SELECT pk_full, data FROM tv_full ORDER BY 1;
SELECT entity, missing, extra, different FROM pg_tviews_verify() ORDER BY 1;
-- a nullable key column, alone and as a part of a key
CREATE TABLE tb_c (k int, l text, v text);
INSERT INTO tb_c VALUES (1, 'x', 'one'), (NULL, 'x', 'nil'), (2, NULL, 'two');
SELECT pg_tviews_create('c', 'SELECT k, v FROM tb_c', key_columns => '{k}');
SELECT pg_tviews_create('cc', 'SELECT k, l, v FROM tb_c', key_columns => '{k,l}');
SELECT pg_tviews_create('grouped', 'SELECT k, count(*) AS n FROM tb_c GROUP BY k', key_columns => '{k}');
SELECT assert_exact();
INSERT INTO tb_c VALUES (NULL, 'x', 'again'), (NULL, NULL, NULL);
UPDATE tb_c SET k = 3 WHERE v = 'nil';
SELECT assert_exact();
UPDATE tb_c SET l = 'y' WHERE k = 2;
SELECT assert_exact();
UPDATE tb_c SET k = NULL;
SELECT assert_exact();
DELETE FROM tb_c;
SELECT assert_exact();
-- no NOTICE where the key cannot be null
CREATE TABLE tv_quiet AS SELECT b.pk_b, b.id, jsonb_build_object('a', a.name) AS data FROM tb_b b LEFT JOIN tb_a a ON a.fk_b = b.pk_b;
CREATE TABLE tv_quiet2 AS SELECT b.pk_b, b.id, jsonb_build_object('a', a.name) AS data FROM tb_a a LEFT JOIN tb_b b ON b.pk_b = a.fk_b WHERE b.pk_b > 0;
SELECT assert_exact();
-- No notice where a condition rules NULL out.
CREATE TABLE tb_d (pk_d int, id uuid, n int);
CREATE TABLE tv_d AS SELECT pk_d, id, to_jsonb(n) AS data FROM tb_d WHERE pk_d IS NOT NULL;
CREATE TABLE tv_d2 AS SELECT d.pk_d, d.id, to_jsonb(d.n) AS data FROM tb_d d JOIN tb_c c ON c.k = d.pk_d LEFT JOIN tb_a a ON a.pk_a = d.n;
CREATE TABLE tv_d3 AS SELECT pk_d, id, data FROM (SELECT pk_d, id, to_jsonb(n) AS data FROM tb_d WHERE pk_d IN (1, 2)) s;
CREATE TABLE tv_d4 AS SELECT d.pk_d, d.id, to_jsonb(a.name) AS data FROM tb_d d LEFT JOIN tb_a a ON a.pk_a = d.pk_d;
CREATE TABLE tv_d5 AS SELECT pk_d, id, to_jsonb(n) AS data FROM tb_d WHERE pk_d = 1 OR pk_d IS NULL;
INSERT INTO tb_d VALUES (1, uid(1), 1), (NULL, uid(2), 2);
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA null_keys CASCADE;
SELECT assert_gone();
