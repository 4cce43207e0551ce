-- nonkey_joins - joins on natural keys, several columns, ranges, expressions and other types.
\a \t
CREATE SCHEMA nonkey_joins;
SET search_path = nonkey_joins, public;
CREATE TABLE tb_order (pk_order int PRIMARY KEY, id uuid NOT NULL, country text, sku text, warehouse int, at date, total int, email text, tags text[]);
CREATE TABLE tb_country (code text PRIMARY KEY, name text);
CREATE TABLE tb_stock (sku text, warehouse bigint, amount int, PRIMARY KEY (sku, warehouse));
CREATE TABLE tb_season (name text PRIMARY KEY, starts date, ends date, period daterange GENERATED ALWAYS AS (daterange(starts, ends)) STORED);
CREATE TABLE tb_person (email text PRIMARY KEY, name text);
CREATE TABLE tb_level (low int, high int, level text);
CREATE TABLE tb_tag (tag text PRIMARY KEY, label text);
INSERT INTO tb_country VALUES ('de', 'Germany'), ('fr', 'France'), ('DE', 'shouted');
INSERT INTO tb_stock SELECT 's' || n, w, n * w FROM generate_series(1, 3) n, generate_series(1, 2) w;
INSERT INTO tb_season VALUES ('winter', '2024-01-01', '2024-03-01'), ('spring', '2024-03-01', '2024-06-01');
INSERT INTO tb_person VALUES ('Ann@Example.com', 'Ann'), ('bob@example.com', 'Bob');
INSERT INTO tb_level VALUES (0, 10, 'small'), (10, 100, 'medium'), (100, NULL, 'large');
INSERT INTO tb_tag VALUES ('a', 'A'), ('b', 'B');
INSERT INTO tb_order VALUES
    (1, uid(1), 'de', 's1', 1, '2024-01-15', 5, 'ann@example.com', '{a,b}'),
    (2, uid(2), 'fr', 's1', 2, '2024-02-29', 50, 'BOB@example.com', '{b}'),
    (3, uid(3), 'it', 's2', 1, '2024-03-01', 500, NULL, '{}'),
    (4, uid(4), NULL, 's9', NULL, '2025-01-01', NULL, 'x', NULL);

-- natural key; several columns, of different types
CREATE TABLE tv_natural AS SELECT o.pk_order, o.id, to_jsonb(c.name) AS data FROM tb_order o JOIN tb_country c ON c.code = o.country;
CREATE TABLE tv_columns AS SELECT o.pk_order, o.id, jsonb_build_object('amount', s.amount) AS data
  FROM tb_order o LEFT JOIN tb_stock s ON s.sku = o.sku AND s.warehouse = o.warehouse;
CREATE TABLE tv_rows AS SELECT o.pk_order, o.id, to_jsonb(s.amount) AS data
  FROM tb_order o JOIN tb_stock s ON (s.sku, s.warehouse) = (o.sku, o.warehouse);
SELECT * FROM strategies('columns');
-- ranges
CREATE TABLE tv_between AS SELECT o.pk_order, o.id, to_jsonb(s.name) AS data FROM tb_order o LEFT JOIN tb_season s ON o.at >= s.starts AND o.at < s.ends;
CREATE TABLE tv_period AS SELECT o.pk_order, o.id, to_jsonb(s.name) AS data FROM tb_order o JOIN tb_season s ON s.period @> o.at;
CREATE TABLE tv_level AS SELECT o.pk_order, o.id, to_jsonb(l.level) AS data
  FROM tb_order o JOIN tb_level l ON o.total >= l.low AND (o.total < l.high OR l.high IS NULL);
-- expressions
CREATE TABLE tv_lower AS SELECT o.pk_order, o.id, to_jsonb(p.name) AS data FROM tb_order o JOIN tb_person p ON lower(p.email) = lower(o.email);
CREATE TABLE tv_like AS SELECT o.pk_order, o.id, to_jsonb(p.name) AS data FROM tb_order o JOIN tb_person p ON p.email ILIKE o.email || '%';
CREATE TABLE tv_tag AS SELECT o.pk_order, o.id, (SELECT jsonb_agg(t.label ORDER BY t.tag) FROM tb_tag t WHERE t.tag = ANY (o.tags)) AS data FROM tb_order o;
CREATE TABLE tv_distinct AS SELECT o.pk_order, o.id, to_jsonb(s.amount) AS data
  FROM tb_order o LEFT JOIN tb_stock s ON s.warehouse IS NOT DISTINCT FROM o.warehouse AND s.sku = o.sku;
CREATE TABLE tv_or AS SELECT o.pk_order, o.id, jsonb_agg(c.name ORDER BY c.code COLLATE "C") AS data
  FROM tb_order o JOIN tb_country c ON c.code = o.country OR c.code = upper(o.country) GROUP BY o.pk_order;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_order, n.data AS natural, c.data AS columns, b.data AS between, l.data AS level, w.data AS lower, t.data AS tag
  FROM tb_order LEFT JOIN tv_natural n USING (pk_order) LEFT JOIN tv_columns c USING (pk_order) LEFT JOIN tv_between b USING (pk_order)
  LEFT JOIN tv_level l USING (pk_order) LEFT JOIN tv_lower w USING (pk_order) LEFT JOIN tv_tag t USING (pk_order) ORDER BY pk_order;
SELECT assert_exact();
UPDATE tb_country SET name = 'Deutschland' WHERE code = 'de';
INSERT INTO tb_country VALUES ('it', 'Italy');
SELECT assert_exact();
UPDATE tb_country SET code = 'FR' WHERE code = 'fr';
SELECT assert_exact();
UPDATE tb_stock SET amount = amount + 1;
SELECT assert_exact();
UPDATE tb_stock SET warehouse = 3 - warehouse WHERE sku = 's1' AND warehouse = 7;
UPDATE tb_stock SET sku = 's9', warehouse = 9 WHERE sku = 's1' AND warehouse = 1;
SELECT assert_exact();
UPDATE tb_order SET sku = 's9', warehouse = 9 WHERE pk_order IN (3, 4);
SELECT assert_exact();
UPDATE tb_season SET ends = '2024-02-01' WHERE name = 'winter';
SELECT assert_exact();
UPDATE tb_season SET starts = '2024-02-01' WHERE name = 'spring';
INSERT INTO tb_season VALUES ('later', '2024-12-31', NULL);
SELECT assert_exact();
UPDATE tb_order SET at = '2024-12-31' WHERE pk_order = 1;
SELECT assert_exact();
UPDATE tb_level SET high = 51 WHERE low = 10;
UPDATE tb_level SET low = 51 WHERE low = 100;
SELECT assert_exact();
UPDATE tb_order SET total = 51, email = 'ANN@EXAMPLE.COM' WHERE pk_order = 3;
SELECT assert_exact();
UPDATE tb_person SET email = upper(email), name = upper(name);
SELECT assert_exact();
INSERT INTO tb_person VALUES ('xyz', 'Xyz');
SELECT assert_exact();
UPDATE tb_order SET tags = tags || '{c}' WHERE pk_order < 4;
INSERT INTO tb_tag VALUES ('c', 'C');
SELECT assert_exact();
UPDATE tb_tag SET tag = 'z' WHERE tag = 'b';
SELECT assert_exact();
UPDATE tb_order SET tags = '{z}' WHERE pk_order = 4;
SELECT assert_exact();
UPDATE tb_tag SET label = NULL;
DELETE FROM tb_person;
DELETE FROM tb_season;
SELECT assert_exact();
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;

SET client_min_messages = warning;
DROP SCHEMA nonkey_joins CASCADE;
SELECT assert_gone();
