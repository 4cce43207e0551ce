-- set_operations - UNION [ALL], INTERSECT [ALL], EXCEPT [ALL]: on top, in FROM, in sub-selects, nested.
\a \t
CREATE SCHEMA set_operations;
SET search_path = set_operations, public;
CREATE TABLE tb_book (pk_book int PRIMARY KEY, id uuid NOT NULL, title text, fk_shelf int);
CREATE TABLE tb_film (pk_film int PRIMARY KEY, id uuid NOT NULL, title text, fk_shelf int);
CREATE TABLE tb_shelf (pk_shelf int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_book SELECT n, uid(n), 'book ' || n, n % 3 FROM generate_series(1, 5) n;
INSERT INTO tb_film SELECT n, uid(100 + n), 'film ' || n, n % 3 FROM generate_series(1, 5) n;
INSERT INTO tb_shelf SELECT n, uid(n), 'shelf ' || n FROM generate_series(0, 3) n;
CREATE TABLE tv_item AS
SELECT pk_book AS pk_item, id, jsonb_build_object('book', title) AS data FROM tb_book
UNION ALL
SELECT 1000 + pk_film, id, jsonb_build_object('film', title) FROM tb_film WHERE fk_shelf <> 2;
CREATE TABLE tv_item2 AS
SELECT b.pk_book AS pk_item2, b.id, jsonb_build_object('t', b.title, 's', s.name) AS data FROM tb_book b JOIN tb_shelf s ON s.pk_shelf = b.fk_shelf
UNION ALL
SELECT -f.pk_film, f.id, jsonb_build_object('t', f.title, 's', s.name) FROM tb_film f LEFT JOIN tb_shelf s ON s.pk_shelf = f.fk_shelf;
CREATE TABLE tv_shelf AS
SELECT s.pk_shelf, s.id, coalesce(jsonb_agg(c.title ORDER BY c.title) FILTER (WHERE c.title IS NOT NULL), '[]') AS data
  FROM tb_shelf s LEFT JOIN (SELECT fk_shelf, title FROM tb_book UNION ALL SELECT fk_shelf, title FROM tb_film) c ON c.fk_shelf = s.pk_shelf
 GROUP BY s.pk_shelf;
CREATE TABLE tv_union AS SELECT s.pk_shelf, s.id, jsonb_build_object('things', (SELECT jsonb_agg(t ORDER BY t) FROM
       (SELECT title FROM tb_book b WHERE b.fk_shelf = s.pk_shelf UNION SELECT title FROM tb_film f WHERE f.fk_shelf = s.pk_shelf) x (t))) AS data FROM tb_shelf s;
SELECT pg_tviews_create('number', 'SELECT pk_book AS n FROM tb_book UNION SELECT pk_film FROM tb_film', key_columns => '{n}');
SELECT pg_tviews_create('both', 'SELECT pk_book AS n FROM tb_book INTERSECT SELECT pk_film FROM tb_film', key_columns => '{n}');
SELECT pg_tviews_create('only', 'SELECT pk_book AS n FROM tb_book EXCEPT SELECT pk_film FROM tb_film', key_columns => '{n}');
SELECT pg_tviews_create('mixed', '(SELECT fk_shelf AS n FROM tb_book EXCEPT ALL SELECT fk_shelf FROM tb_film) UNION (SELECT pk_shelf FROM tb_shelf INTERSECT ALL SELECT 1)', key_columns => '{n}');
SELECT pg_tviews_create('exists_union', 'SELECT pk_shelf AS n, name FROM tb_shelf s WHERE EXISTS (SELECT FROM tb_book WHERE fk_shelf = pk_shelf UNION ALL SELECT FROM tb_film WHERE fk_shelf = pk_shelf)', key_columns => '{n}');
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_item, data FROM tv_item ORDER BY pk_item;
SELECT pk_shelf, data FROM tv_shelf ORDER BY pk_shelf;
SELECT * FROM tv_mixed ORDER BY n;
SELECT assert_exact();
INSERT INTO tb_book VALUES (6, uid(6), 'book 6', 3);
SELECT assert_exact();
INSERT INTO tb_film VALUES (6, uid(106), 'book 6', 3), (7, uid(107), 'film 7', NULL);
SELECT assert_exact();
UPDATE tb_film SET fk_shelf = 2 WHERE pk_film = 1;
SELECT assert_exact();
UPDATE tb_film SET title = 'book 6' WHERE pk_film IN (3, 6);
SELECT assert_exact();
UPDATE tb_book SET fk_shelf = 3, title = title || '!' WHERE pk_book < 3;
SELECT assert_exact();
UPDATE tb_shelf SET name = 'renamed' WHERE pk_shelf > 0;
SELECT assert_exact();
UPDATE tb_film SET pk_film = 9 WHERE pk_film = 6;
SELECT assert_exact();
DELETE FROM tb_book WHERE pk_book IN (4, 6);
SELECT assert_exact();
DELETE FROM tb_shelf WHERE pk_shelf = 1;
SELECT assert_exact();
SELECT pk_shelf, data FROM tv_shelf ORDER BY pk_shelf;
TRUNCATE tb_film;
SELECT assert_exact();
DELETE FROM tb_book;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA set_operations CASCADE;
SELECT assert_gone();
