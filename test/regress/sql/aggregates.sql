-- aggregates - GROUP BY with any aggregate: ordered, filtered, distinct, user-defined, HAVING, nothing to group.
\a \t
CREATE SCHEMA aggregates;
SET search_path = aggregates, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, fk_user int, title text, score int, price numeric, kind text, weight float8);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, 1 + n % 3, 'post ' || 9 - n, n * 10, n * 0.5, CASE WHEN n % 2 = 0 THEN 'even' END, n / 3.0 FROM generate_series(1, 8) n;

CREATE TABLE tv_user AS
SELECT u.pk_user, u.id, u.name AS identifier,
       jsonb_build_object('name', u.name,
                          'posts', coalesce(jsonb_agg(jsonb_build_object('title', p.title, 'score', p.score) ORDER BY p.score DESC, p.pk_post)
                                            FILTER (WHERE p.pk_post IS NOT NULL), '[]'),
                          'count', count(p.pk_post), 'sum', sum(p.score), 'avg', avg(p.price), 'max', max(p.title),
                          'kinds', jsonb_agg(DISTINCT p.kind), 'by_title', jsonb_object_agg(p.title, p.score) FILTER (WHERE p.title IS NOT NULL)) AS data
  FROM tb_user u LEFT JOIN tb_post p ON p.fk_user = u.pk_user
 GROUP BY u.pk_user;
CREATE TABLE tv_numbers AS
SELECT p.fk_user AS pk_numbers, uid(p.fk_user) AS id,
       jsonb_build_object('array', array_agg(p.score ORDER BY p.pk_post), 'string', string_agg(p.title, ', ' ORDER BY p.title COLLATE "C" DESC),
                          'distinct', count(DISTINCT p.kind), 'filtered', sum(p.score) FILTER (WHERE p.kind = 'even'),
                          'some', bool_or(p.score > 50), 'every', every(p.score > 20), 'bits', bit_or(p.score),
                          'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY p.score), 'mode', mode() WITHIN GROUP (ORDER BY p.kind),
                          'rank', rank(40) WITHIN GROUP (ORDER BY p.score), 'var', variance(p.score), 'regr', regr_count(p.score, p.price),
                          'floats', sum(p.weight)) AS data,
       count(*) AS posts, min(p.price) AS cheapest
  FROM tb_post p WHERE p.fk_user IS NOT NULL GROUP BY p.fk_user;
CREATE TABLE tv_having AS
SELECT u.pk_user, u.id, jsonb_build_object('n', count(*)) AS data
  FROM tb_user u JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY u.pk_user, u.id HAVING count(*) > 2 OR sum(p.score) > 100;
-- without ORDER BY, in two places: one of the orders that SQL allows, and always the same
CREATE TABLE tv_unordered AS
SELECT u.pk_user, u.id, jsonb_build_object('titles', jsonb_agg(p.title), 'scores', (SELECT array_agg(s.score) FROM tb_post s WHERE s.fk_user = u.pk_user)) AS data
  FROM tb_user u JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY u.pk_user;
SELECT * FROM strategies('user');
SELECT * FROM strategies('numbers');
SELECT pk_user, data FROM tv_user ORDER BY pk_user;
SELECT pk_numbers, posts, cheapest, data - 'floats' FROM tv_numbers ORDER BY pk_numbers;
SELECT pk_user, data FROM tv_having ORDER BY pk_user;
SELECT assert_exact();
INSERT INTO tb_post VALUES (9, 4, 'first of four', 900, 1.0, 'odd', 0.1), (10, 1, 'post 8', 10, NULL, NULL, NULL);
SELECT assert_exact();
UPDATE tb_post SET score = score + 1 WHERE pk_post % 3 = 0;
SELECT assert_exact();
UPDATE tb_post SET fk_user = 2 WHERE pk_post IN (1, 9);
SELECT assert_exact();
UPDATE tb_post SET price = 0.50 WHERE price = 0.5;
SELECT assert_exact();
SELECT pk_numbers, cheapest FROM tv_numbers ORDER BY 1;
UPDATE tb_post SET title = NULL, kind = 'x' WHERE pk_post = 10;
SELECT assert_exact();
UPDATE tb_post SET fk_user = NULL WHERE fk_user = 3;
SELECT assert_exact();
DELETE FROM tb_post WHERE fk_user = 1;
SELECT assert_exact();
UPDATE tb_user SET name = upper(name);
SELECT assert_exact();
UPDATE tb_post SET fk_user = 3 WHERE fk_user IS NULL;
SELECT assert_exact();
-- rows change places on disk; documents do not care
SELECT data FROM tv_unordered WHERE pk_user = 3;
UPDATE tb_post SET weight = weight + 1 WHERE pk_post = 2;
DELETE FROM tb_post WHERE pk_post = 5;
VACUUM tb_post;
INSERT INTO tb_post VALUES (5, 3, 'post 4', 50, 2.5, NULL, 1);
UPDATE tb_user SET name = 'three' WHERE pk_user = 3;
SELECT data FROM tv_unordered WHERE pk_user = 3;
SELECT assert_exact();
TRUNCATE tb_post;
SELECT assert_exact();
SELECT pk_user, data FROM tv_user ORDER BY pk_user;
INSERT INTO tb_post SELECT n, 1 + n % 3, 'post ' || n, n FROM generate_series(1, 5) n;
SELECT assert_exact();
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;

-- User-defined aggregates.
CREATE FUNCTION longer(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT CASE WHEN length($2) > length($1) THEN $2 ELSE $1 END';
CREATE AGGREGATE longest(text) (SFUNC = longer, STYPE = text);
CREATE FUNCTION unsteady(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1 || $2';
CREATE AGGREGATE unsteady_agg(text) (SFUNC = unsteady, STYPE = text);
SELECT error_of('CREATE TABLE tv_user AS SELECT u.pk_user, u.id, to_jsonb(unsteady_agg(p.title)) AS data
                   FROM tb_user u JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY 1');
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, to_jsonb(longest(p.title)) AS data FROM tb_user u JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY 1;
UPDATE tb_post SET title = title || '!!!' WHERE pk_post = 4;
SELECT pk_user, data FROM tv_user ORDER BY pk_user;
UPDATE tb_post SET title = 'short' WHERE pk_post = 4;
SELECT assert_exact();
DROP TABLE tv_user;

-- Grouping by several columns and expressions; aggregates of aggregates; an aggregate inside a join.
SELECT pg_tviews_create('by_kind', 'SELECT fk_user, kind, count(*) AS n FROM tb_post GROUP BY fk_user, kind', key_columns => '{fk_user,kind}');
SELECT pg_tviews_create('by_length', 'SELECT length(title) AS length, jsonb_agg(title ORDER BY pk_post) AS titles FROM tb_post GROUP BY 1', key_columns => '{length}');
CREATE TABLE tv_total AS
SELECT u.pk_user, u.id, jsonb_build_object('n', n, 'best', best) AS data
  FROM tb_user u JOIN (SELECT fk_user, sum(n) AS n, max(best) AS best
                         FROM (SELECT fk_user, kind, count(*) AS n, max(score) AS best FROM tb_post GROUP BY fk_user, kind) k GROUP BY fk_user) t
    ON t.fk_user = u.pk_user;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
UPDATE tb_post SET kind = CASE pk_post % 2 WHEN 0 THEN 'a' ELSE 'b' END;
SELECT assert_exact();
SELECT * FROM tv_by_kind ORDER BY 1, 2;
UPDATE tb_post SET fk_user = 4, score = 1000 WHERE pk_post = 2;
SELECT assert_exact();
INSERT INTO tb_post VALUES (20, 4, 'x', 1), (21, NULL, NULL, NULL);
SELECT assert_exact();
UPDATE tb_post SET title = 'xx' WHERE pk_post = 20;
SELECT assert_exact();
DELETE FROM tb_post WHERE fk_user IN (4, 3);
SELECT assert_exact();
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;

-- One row for a whole table; GROUPING SETS.
CREATE TABLE tv_summary AS SELECT 1 AS pk_summary, uid(1) AS id, jsonb_build_object('posts', count(*), 'score', sum(score)) AS data FROM tb_post;
SELECT * FROM strategies('summary');
SELECT data FROM tv_summary;
INSERT INTO tb_post VALUES (30, 1, 'thirty', 30);
SELECT data FROM tv_summary;
TRUNCATE tb_post;
SELECT data FROM tv_summary;
DROP TABLE tv_summary;
SELECT pg_tviews_create('rollup', 'SELECT coalesce(fk_user, -1) AS fk, coalesce(kind, ''all'') AS kind, count(*) AS n, grouping(fk_user, kind) AS g
    FROM tb_post WHERE fk_user > 0 AND kind <> '''' GROUP BY ROLLUP (fk_user, kind)', key_columns => '{fk,kind}');
INSERT INTO tb_post SELECT n, 1 + n % 2, 't', n, n, 'k' || n % 3 FROM generate_series(1, 7) n;
SELECT * FROM tv_rollup ORDER BY fk, kind;
UPDATE tb_post SET kind = 'k0' WHERE pk_post < 3;
SELECT assert_exact();
DELETE FROM tb_post WHERE fk_user = 1;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA aggregates CASCADE;
SELECT assert_gone();
