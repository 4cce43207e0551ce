-- collations - equality that is not identity: case-insensitive text, numeric scales, padded characters; as links and as keys.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA collations;
SET search_path = collations, public;
SELECT count(*) = 0 AS no_icu FROM pg_collation WHERE collprovider = 'i' \gset
\if :no_icu
    \quit
\endif
CREATE COLLATION insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tb_word (pk_word int PRIMARY KEY, id uuid, word text COLLATE insensitive, num numeric, fixed char(5));
CREATE TABLE tb_meaning (word text COLLATE insensitive, num numeric, fixed char(8), meaning text);
INSERT INTO tb_word VALUES (1, uid(1), 'Hello', 1.0, 'ab'), (2, uid(2), 'WORLD', 2.00, 'cd');
INSERT INTO tb_meaning VALUES ('hello', 1.000, 'ab   ', 'greeting'), ('world', 2, 'cd', 'all of us');
CREATE TABLE tv_word AS SELECT w.pk_word, w.id, to_jsonb(m.meaning) AS data FROM tb_word w JOIN tb_meaning m ON m.word = w.word;
CREATE TABLE tv_num AS SELECT w.pk_word, w.id, to_jsonb(m.meaning) AS data FROM tb_word w JOIN tb_meaning m ON m.num = w.num;
CREATE TABLE tv_fixed AS SELECT w.pk_word, w.id, to_jsonb(m.meaning) AS data FROM tb_word w JOIN tb_meaning m ON m.fixed = w.fixed;
SELECT assert_exact();
UPDATE tb_meaning SET meaning = upper(meaning);
SELECT assert_exact();
UPDATE tb_meaning SET word = 'HELLO', num = 1, fixed = 'ab' WHERE word = 'hello';
SELECT assert_exact();
UPDATE tb_word SET word = 'World', num = 2.0, fixed = 'cd  ' WHERE pk_word = 1;
SELECT assert_exact();
DELETE FROM tb_meaning WHERE word = 'wOrLd';
SELECT assert_exact();
-- Keys that are equal but not the same.
SELECT pg_tviews_create('meaning', 'SELECT word, meaning FROM tb_meaning', key_columns => '{word}');
INSERT INTO tb_meaning VALUES ('New', 3, 'x', 'novel');
UPDATE tb_meaning SET word = 'NEW' WHERE word = 'new';
SELECT * FROM tv_meaning ORDER BY word COLLATE "C";
SELECT assert_exact();
INSERT INTO tb_meaning VALUES ('nEW', 3, 'x', 'the same key');
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA collations CASCADE;
SELECT assert_gone();
