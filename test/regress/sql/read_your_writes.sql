-- read_your_writes - the writer sees its own changes: in the next statement, in functions, in utility commands.
\a \t
CREATE SCHEMA read_your_writes;
SET search_path = read_your_writes, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(1, 3) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', u.name) AS data FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_third AS SELECT p.pk_post, p.id, jsonb_build_object('author', u.name) AS data FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user WHERE p.pk_post = 3;
CREATE VIEW authors AS SELECT pk_post, data->>'author' AS author FROM tv_post;
BEGIN;
UPDATE tb_user SET name = 'next' WHERE pk_user = 1;
SELECT data->>'author' FROM tv_post WHERE pk_post = 3;
-- through a view, a subquery, a join, a CTE, EXISTS, a set operation
UPDATE tb_user SET name = 'view' WHERE pk_user = 1;
SELECT author FROM authors WHERE pk_post = 3;
UPDATE tb_user SET name = 'sub-select' WHERE pk_user = 1;
SELECT (SELECT data->>'author' FROM tv_post WHERE pk_post = 3);
UPDATE tb_user SET name = 'cte' WHERE pk_user = 1;
WITH t AS MATERIALIZED (SELECT * FROM tv_post) SELECT data->>'author' FROM t WHERE pk_post = 3;
UPDATE tb_user SET name = 'exists' WHERE pk_user = 1;
SELECT count(*) FROM tb_user u WHERE EXISTS (SELECT FROM tv_post WHERE data->>'author' = u.name AND u.name = 'exists');
UPDATE tb_user SET name = 'union' WHERE pk_user = 1;
SELECT data->>'author' FROM tv_post WHERE pk_post = 3 UNION SELECT 'x' WHERE false;
-- by writing statements that read it
UPDATE tb_user SET name = 'written from the TVIEW' WHERE pk_user = 1;
UPDATE tb_post p SET title = t.data->>'author' FROM tv_post t WHERE t.pk_post = p.pk_post AND p.pk_post = 3;
SELECT title FROM tb_post WHERE pk_post = 3;
INSERT INTO tb_post SELECT 4, uid(4), 1, data->>'title' FROM tv_post WHERE pk_post = 3;
CREATE TEMP TABLE copy AS SELECT * FROM tv_post;
SELECT data FROM copy WHERE pk_post = 4;
DROP TABLE copy;
-- in functions: SQL, PL/pgSQL, STABLE (they see the snapshot of the calling query), nested, after a write inside
CREATE FUNCTION author_sql(int) RETURNS text LANGUAGE sql STABLE AS $$ SELECT data->>'author' FROM tv_post WHERE pk_post = $1 $$;
CREATE FUNCTION author_plpgsql(pk int) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT data->>'author' FROM tv_post WHERE pk_post = pk); END $$;
CREATE FUNCTION rename(pk int, name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_user SET name = rename.name WHERE pk_user = pk;
    RETURN (SELECT string_agg(data->>'author', ',' ORDER BY pk_post) FROM tv_post);
END
$$;
UPDATE tb_user SET name = 'in functions' WHERE pk_user = 1;
SELECT author_sql(3);
UPDATE tb_user SET name = 'in functions 2' WHERE pk_user = 1;
SELECT author_plpgsql(3);
SELECT rename(1, 'a');
SELECT rename(1, 'b'), rename(2, 'c');
SELECT rename(1, 'in a query that reads the TVIEW') FROM tv_post WHERE pk_post = 3;
SELECT assert_exact();
-- in the RETURNING list and in the WHERE of the writing statement itself: as its snapshot has it, like any table
UPDATE tb_user SET name = 'before' WHERE pk_user = 1;
UPDATE tb_user SET name = 'returning' WHERE pk_user = 1 RETURNING (SELECT data->>'author' FROM tv_post WHERE pk_post = 3);
SELECT author_sql(3);
-- in utility commands
UPDATE tb_user SET name = 'copied' WHERE pk_user = 1;
COPY (SELECT data->>'author' FROM tv_post WHERE pk_post = 3) TO STDOUT;
UPDATE tb_user SET name = 'copied whole' WHERE pk_user = 1;
COPY tv_third (data) TO STDOUT;
UPDATE tb_user SET name = 'explained' WHERE pk_user = 1;
DO $$ DECLARE line text; BEGIN EXECUTE 'EXPLAIN (ANALYZE) SELECT FROM tv_post' INTO line; END $$;
SELECT author_sql(3);
COMMIT;
SELECT assert_exact();
BEGIN;
UPDATE tb_user SET name = 'indexed' WHERE pk_user = 1;
CREATE INDEX by_author ON tv_post ((data->>'author'));
SET LOCAL enable_seqscan = off;
SELECT pk_post FROM tv_post WHERE data->>'author' = 'indexed' ORDER BY 1;
UPDATE tb_user SET name = 'clustered' WHERE pk_user = 1;
CLUSTER tv_post USING by_author;
SELECT pk_post FROM tv_post WHERE data->>'author' = 'clustered' ORDER BY 1;
UPDATE tb_user SET name = 'altered' WHERE pk_user = 1;
ALTER TABLE tv_post ADD COLUMN author text GENERATED ALWAYS AS (data->>'author') STORED;
SELECT author FROM tv_post WHERE pk_post = 3;
UPDATE tb_user SET name = 'constrained' WHERE pk_user = 1;
ALTER TABLE tv_post ADD CHECK (author <> 'altered');
UPDATE tb_user SET name = 'locked' WHERE pk_user = 1;
LOCK TABLE tv_post;
SELECT author FROM tv_post WHERE pk_post = 3;
UPDATE tb_user SET name = 'materialized' WHERE pk_user = 1;
CREATE MATERIALIZED VIEW m AS SELECT * FROM authors;
UPDATE tb_user SET name = 'refreshed' WHERE pk_user = 1;
REFRESH MATERIALIZED VIEW m;
SELECT author FROM m WHERE pk_post = 3;
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
-- pg_tviews_flush() says how many rows it wrote; afterwards there is nothing to do
BEGIN;
UPDATE tb_user SET name = 'flushed';
SELECT pg_tviews_flush();
SELECT pg_tviews_flush();
UPDATE tb_user SET name = 'and again' WHERE pk_user = 2;
SELECT pg_tviews_flush();
COMMIT;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA read_your_writes CASCADE;
SELECT assert_gone();
