-- from_subqueries - subqueries in FROM: plain, grouped, limited, nested, joined with each other.
\a \t
CREATE SCHEMA from_subqueries;
SET search_path = from_subqueries, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, country text);
CREATE TABLE tb_order (pk_order int PRIMARY KEY, fk_user int, total int, state text);
CREATE TABLE tb_line (pk_line int PRIMARY KEY, fk_order int, amount int);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, CASE WHEN n > 2 THEN 'de' ELSE 'fr' END FROM generate_series(1, 4) n;
INSERT INTO tb_order SELECT n, 1 + n % 3, n * 10, CASE WHEN n % 2 = 0 THEN 'paid' ELSE 'open' END FROM generate_series(1, 6) n;
INSERT INTO tb_line SELECT n, 1 + n % 6, n FROM generate_series(1, 12) n;

CREATE TABLE tv_plain AS
SELECT u.pk_user, u.id, to_jsonb(o.total) AS data
  FROM (SELECT * FROM tb_user WHERE country = 'de') u LEFT JOIN (SELECT fk_user AS who, total FROM tb_order WHERE state = 'paid' AND total > 30) o ON o.who = u.pk_user;
CREATE TABLE tv_grouped AS
SELECT u.pk_user, u.id, jsonb_build_object('total', coalesce(o.total, 0), 'orders', o.n) AS data
  FROM tb_user u LEFT JOIN (SELECT fk_user, sum(total) AS total, count(*) AS n FROM tb_order GROUP BY fk_user) o ON o.fk_user = u.pk_user;
CREATE TABLE tv_nested AS
SELECT u.pk_user, u.id, jsonb_build_object('amount', x.amount, 'biggest', x.biggest) AS data
  FROM tb_user u JOIN (SELECT o.fk_user, sum(l.amount) AS amount, max(l.biggest) AS biggest
                         FROM tb_order o JOIN (SELECT fk_order, sum(amount) AS amount, max(amount) AS biggest FROM tb_line GROUP BY fk_order) l ON l.fk_order = o.pk_order
                        WHERE o.state = 'paid' GROUP BY o.fk_user) x ON x.fk_user = u.pk_user;
CREATE TABLE tv_two AS
SELECT a.fk_user AS pk_two, uid(a.fk_user) AS id, jsonb_build_object('paid', a.n, 'open', b.n) AS data
  FROM (SELECT fk_user, count(*) AS n FROM tb_order WHERE state = 'paid' GROUP BY 1) a JOIN (SELECT fk_user, count(*) AS n FROM tb_order WHERE state = 'open' GROUP BY 1) b USING (fk_user);
CREATE TABLE tv_deepest AS
SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u) a WHERE pk_user > 0) b) c WHERE data <> 'null';
-- grouped by a column that is not the one joined with; a limit over the whole table
CREATE TABLE tv_country AS
SELECT u.pk_user, u.id, to_jsonb(n.users) AS data FROM tb_user u JOIN (SELECT country, count(*) AS users FROM tb_user GROUP BY country) n ON n.country = u.country;
CREATE TABLE tv_top AS
SELECT u.pk_user, u.id, to_jsonb(t.total) AS data FROM tb_user u JOIN (SELECT fk_user, total FROM tb_order ORDER BY total DESC, pk_order LIMIT 1) t ON t.fk_user = u.pk_user;
CREATE TABLE tv_values AS
SELECT u.pk_user, u.id, to_jsonb(v.label) AS data FROM tb_user u JOIN (VALUES ('de', 'Germany'), ('fr', 'France')) v (code, label) ON v.code = u.country;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_user, data FROM tv_nested ORDER BY pk_user;
SELECT assert_exact();
UPDATE tb_line SET amount = 100 WHERE pk_line = 7;
SELECT assert_exact();
UPDATE tb_line SET fk_order = 3 WHERE fk_order = 2;
SELECT assert_exact();
UPDATE tb_order SET state = CASE state WHEN 'paid' THEN 'open' ELSE 'paid' END;
SELECT assert_exact();
UPDATE tb_order SET fk_user = 4 WHERE pk_order IN (1, 6);
SELECT assert_exact();
UPDATE tb_order SET total = 1000 WHERE pk_order = 3;
SELECT assert_exact();
DELETE FROM tb_order WHERE pk_order = 3;
SELECT assert_exact();
UPDATE tb_user SET country = 'it' WHERE pk_user = 3;
SELECT assert_exact();
INSERT INTO tb_user VALUES (5, uid(5), 'five', 'it');
INSERT INTO tb_order VALUES (7, 5, 70, 'paid'), (8, 5, 80, 'open');
INSERT INTO tb_line VALUES (13, 7, 1);
SELECT assert_exact();
DELETE FROM tb_user WHERE pk_user = 1;
SELECT assert_exact();
TRUNCATE tb_order;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA from_subqueries CASCADE;
SELECT assert_gone();
