-- redefinitions - functions, operators, aggregates, types, casts and text search objects that get another meaning or name.
\a \t
CREATE SCHEMA redefinitions;
SET search_path = redefinitions, public;
CREATE SCHEMA tools;
CREATE TYPE tools.mood AS ENUM ('sad', 'happy');
CREATE TYPE tools.pair AS (low int, high int);
CREATE DOMAIN tools.label AS text;
CREATE FUNCTION tools.shout(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(t) $$;
CREATE FUNCTION tools.atomic(t text) RETURNS text LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT tools.shout(t) || '!'; END;
CREATE FUNCTION tools.same(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a = b $$;
CREATE OPERATOR tools.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = tools.same);
CREATE FUNCTION tools.add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(a, 0) + b $$;
CREATE AGGREGATE tools.total(int) (SFUNC = tools.add, STYPE = int);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, mood tools.mood, span tools.pair);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, author text, title text, words int);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, 'happy', ROW(n, n + 1)::tools.pair FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(100 + n), 'user ' || (1 + n % 3), 'the posts ' || n, 10 * n FROM generate_series(1, 6) n;
CREATE VIEW names AS SELECT pk_user, tools.atomic(name) AS name FROM tb_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', n.name, 'mood', u.mood, 'span', u.span) AS data FROM tb_user u JOIN names n USING (pk_user);
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', u.name, 'terms', to_tsvector('english', p.title)::text) AS data
  FROM tb_post p JOIN tb_user u ON tools.shout(u.name)::tools.label OPERATOR(tools.===) tools.shout(p.author)::tools.label;
CREATE TABLE tv_total AS SELECT u.pk_user, u.id, to_jsonb(tools.total(p.words)) AS data FROM tb_user u LEFT JOIN tb_post p ON p.author = u.name GROUP BY u.pk_user, u.id;
CREATE TABLE tv_top AS SELECT pk_user, id, data -> 'name' AS data FROM tv_user;
SELECT assert_exact();

-- A function: used directly, by a function with a known body, through a plain view, by a TVIEW on a TVIEW.
CREATE OR REPLACE FUNCTION tools.shout(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '<' || t || '>' $$;
SELECT assert_exact();
SELECT pk_user, data FROM tv_top ORDER BY 1;
UPDATE tb_user SET name = 'user 4' WHERE pk_user = 1;
SELECT assert_exact();
ALTER FUNCTION tools.shout CALLED ON NULL INPUT STABLE;
ALTER FUNCTION tools.shout STRICT IMMUTABLE;
SELECT assert_exact();
-- The function behind an operator, in a condition
CREATE OR REPLACE FUNCTION tools.same(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT lower(a) = lower(b) $$;
SELECT assert_exact();
UPDATE tb_user SET name = 'user 5' WHERE pk_user = 1;
SELECT assert_exact();
-- An aggregate and its function
CREATE OR REPLACE FUNCTION tools.add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(a, 0) + 2 * b $$;
SELECT assert_exact();
SELECT pk_user, data FROM tv_total ORDER BY 1;
CREATE OR REPLACE AGGREGATE tools.total(int) (SFUNC = tools.add, STYPE = int, INITCOND = '1000');
SELECT assert_exact();
SELECT pk_user, data FROM tv_total ORDER BY 1;
-- Types, a cast that to_jsonb() uses, a text search configuration
ALTER TYPE tools.mood RENAME VALUE 'happy' TO 'glad';
SELECT assert_exact();
ALTER TYPE tools.pair RENAME ATTRIBUTE low TO least;
SELECT assert_exact();
ALTER TYPE tools.pair ADD ATTRIBUTE middle int;
SELECT assert_exact();
CREATE FUNCTION tools.mood_as_json(tools.mood) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_array($1::text) $$;
CREATE CAST (tools.mood AS json) WITH FUNCTION tools.mood_as_json(tools.mood);
SELECT assert_exact();
SELECT data FROM tv_user ORDER BY pk_user;
CREATE OR REPLACE FUNCTION tools.mood_as_json(tools.mood) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT json_build_object('mood', $1::text) $$;
SELECT assert_exact();
SELECT data -> 'mood' FROM tv_user ORDER BY pk_user;
DROP CAST (tools.mood AS json);
SELECT assert_exact();
CREATE TEXT SEARCH CONFIGURATION tools.words (COPY = english);
SELECT pg_tviews_replace('post', $$SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', u.name, 'terms', to_tsvector('tools.words', p.title)::text) AS data
  FROM tb_post p JOIN tb_user u ON tools.shout(u.name)::tools.label OPERATOR(tools.===) tools.shout(p.author)::tools.label$$);
ALTER TEXT SEARCH CONFIGURATION tools.words ALTER MAPPING FOR asciiword WITH simple;
SELECT assert_exact();
SELECT data FROM tv_post ORDER BY pk_post LIMIT 1;
CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO names DO INSTEAD SELECT pk_user, tools.atomic(name) || '?' AS name FROM tb_user;
SELECT assert_exact();

-- New names and schemas; the queries that find affected rows name these objects.
ALTER FUNCTION tools.shout RENAME TO cry;
ALTER DOMAIN tools.label RENAME TO tag;
UPDATE tb_user SET name = 'user 6' WHERE pk_user = 1;
SELECT assert_exact();
ALTER FUNCTION tools.cry SET SCHEMA redefinitions;
ALTER OPERATOR tools.=== (text, text) SET SCHEMA redefinitions;
UPDATE tb_user SET name = 'user 7' WHERE pk_user = 1;
SELECT assert_exact();
ALTER SCHEMA tools RENAME TO instruments;
ALTER AGGREGATE instruments.total(int) RENAME TO sum_up;
UPDATE tb_user SET name = 'user 8' WHERE pk_user = 1;
UPDATE tb_post SET author = 'user 8', words = 1;
SELECT assert_exact();
ALTER SCHEMA redefinitions RENAME TO renamed;
SET search_path = renamed, public;
UPDATE tb_user SET name = 'user 9' WHERE pk_user = 1;
UPDATE tb_post SET author = 'user 9' WHERE pk_post < 3;
SELECT assert_exact();
SELECT DISTINCT line FROM pg_tviews_explain('post') line WHERE line ~ 'FROM|WHERE' ORDER BY 1;

-- Refused: what the definition could not have been made with.
ALTER FUNCTION cry VOLATILE;
\echo :LAST_ERROR_SQLSTATE
ALTER FUNCTION instruments.same STABLE;
CREATE OR REPLACE FUNCTION cry(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT max(title) FROM tb_post $$;
CREATE OR REPLACE FUNCTION instruments.add(a int, b int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT a + b $$;
DROP FUNCTION cry;
SELECT assert_exact();

-- Undone, in a transaction with writes, and several at once.
BEGIN;
UPDATE tb_user SET name = 'user 10' WHERE pk_user = 1;
CREATE OR REPLACE FUNCTION cry(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'one ' || t $$;
SELECT assert_exact();
SAVEPOINT s;
CREATE OR REPLACE FUNCTION cry(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'two ' || t $$;
UPDATE tb_user SET name = 'user 11' WHERE pk_user = 1;
SELECT assert_exact();
ROLLBACK TO s;
SELECT assert_exact();
UPDATE tb_user SET name = 'user 12' WHERE pk_user = 2;
ROLLBACK;
SELECT assert_exact();
BEGIN;
CREATE OR REPLACE FUNCTION cry(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(t) $$;
CREATE OR REPLACE FUNCTION instruments.add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(a, 0) - b $$;
ALTER TYPE instruments.mood RENAME VALUE 'glad' TO 'merry';
UPDATE tb_post SET words = pk_post;
COMMIT;
SELECT assert_exact();
SELECT pk_user, data FROM tv_user ORDER BY 1;
-- An error of the new function ends the transaction.
\set VERBOSITY terse
CREATE OR REPLACE FUNCTION cry(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT (1 / (length(t) - length(t)))::text $$;
\set VERBOSITY default
SELECT assert_exact();
-- One that no definition uses is nobody's business.
CREATE OR REPLACE FUNCTION unused(int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT 1 $$;
CREATE OR REPLACE FUNCTION unused(int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT 2 $$;
DROP FUNCTION cry CASCADE;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA renamed CASCADE;
DROP SCHEMA instruments CASCADE;
SELECT assert_gone();
