-- pg_tviews_convert_table(): a TVIEW in the place of a materialized view or a table.
CREATE SCHEMA convert;
SET search_path = convert, public;
CREATE ROLE regress_convert_owner;
CREATE ROLE regress_convert_reader;
GRANT USAGE, CREATE ON SCHEMA convert TO regress_convert_owner;
GRANT USAGE ON SCHEMA convert TO regress_convert_reader;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text, email text COLLATE "C");
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int, title text);
INSERT INTO tb_user (pk_user, name, email) VALUES (1, 'Alice', 'a@x'), (2, 'Bob', 'b@x');
INSERT INTO tb_post (pk_post, fk_user, title) VALUES (1, 1, 'one'), (2, 1, 'two'), (3, 2, 'three');
GRANT SELECT ON tb_user, tb_post TO regress_convert_owner;
CREATE VIEW stale AS
SELECT entity, missing, extra, different FROM pg_tviews_verify() WHERE missing + extra + different > 0;

-- With the columns of a TVIEW; indexes, statistics, grants, comments and the owner stay.
SET ROLE regress_convert_owner;
CREATE MATERIALIZED VIEW mv_post AS
SELECT p.pk_post, p.id, p.fk_user, u.email, jsonb_build_object('title', p.title, 'author', u.name) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user
  WITH NO DATA;
CREATE UNIQUE INDEX mv_post_key ON mv_post (pk_post);
CREATE UNIQUE INDEX mv_post_id ON mv_post (id);
CREATE INDEX mv_post_author ON mv_post ((data ->> 'author') text_pattern_ops) INCLUDE (email) WHERE pk_post > 0;
COMMENT ON INDEX mv_post_author IS 'for the list of authors';
CREATE STATISTICS mv_post_statistics (dependencies) ON fk_user, email FROM mv_post;
GRANT SELECT ON mv_post TO regress_convert_reader WITH GRANT OPTION;
GRANT SELECT (id, data) ON mv_post TO PUBLIC;
COMMENT ON MATERIALIZED VIEW mv_post IS 'it''s posts';
COMMENT ON COLUMN mv_post.data IS 'the document';
RESET ROLE;
SELECT pg_tviews_convert_table('mv_post');
\d tv_post
\d mv_post
SELECT c.relname, c.relkind, pg_get_userbyid(c.relowner) AS owner, obj_description(c.oid, 'pg_class') AS comment,
       col_description(c.oid, a.attnum) AS data_comment, a.attacl,
       (SELECT string_agg(x.grantee::regrole || ' ' || x.privilege_type || ' ' || x.is_grantable, ', ')
          FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner) AS grants
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'data'
 WHERE c.relnamespace = 'convert'::regnamespace AND c.relname IN ('tv_post', 'mv_post', 'v_post') ORDER BY 1;
SELECT obj_description('mv_post_author'::regclass, 'pg_class');
UPDATE tb_user SET name = 'Alicia' WHERE pk_user = 1;
SET ROLE regress_convert_reader;
SELECT pk_post, data FROM mv_post ORDER BY pk_post;
RESET ROLE;
TABLE stale;
SELECT operation, entity, details - 'session_user' AS details FROM pg_tview_audit_log WHERE operation = 'CONVERT';

-- Without them: the unique index is the key. The definition is found under any search_path.
CREATE MATERIALIZED VIEW totals AS
SELECT u.name, u.email, count(p.pk_post) AS posts, max(p.title)::varchar(10) AS last
  FROM tb_user u LEFT JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY u.name, u.email;
CREATE UNIQUE INDEX ON totals (email, name);
SET search_path = public;
SELECT pg_tviews_convert_table('convert.totals');
SET search_path = convert, public;
INSERT INTO tb_post (pk_post, fk_user, title) VALUES (4, 2, 'vier');
SELECT * FROM totals ORDER BY name;
\d totals
\d tv_totals
TABLE stale;

-- A table with a SELECT; more columns may come.
CREATE TABLE post_cache (pk_post int PRIMARY KEY, id uuid UNIQUE, data jsonb, fk_user int NOT NULL);
INSERT INTO post_cache SELECT pk_post, id, to_jsonb(title), fk_user FROM tb_post WHERE pk_post < 3;
CREATE INDEX post_cache_user ON post_cache (fk_user);
SELECT pg_tviews_convert_table('post_cache',
    'SELECT pk_post, id, fk_user, to_jsonb(title) AS data, title FROM tb_post -- a comment');
SELECT pk_post, data FROM post_cache ORDER BY 1;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'tv_post_cache'::regclass ORDER BY 1;
-- A table that has the name of a TVIEW keeps it. So it is with what DROP EXTENSION ... CASCADE leaves.
CREATE TABLE tv_old (pk_old int, id uuid, data jsonb);
SELECT pg_tviews_convert_table('tv_old', 'SELECT pk_user AS pk_old, id, to_jsonb(name) AS data FROM tb_user');
SELECT relkind FROM pg_class WHERE oid = 'tv_old'::regclass;
SELECT count(*) FROM tv_old;
-- A materialized view of another shape than its own.
CREATE MATERIALIZED VIEW mv_short AS SELECT pk_user, name FROM tb_user;
SELECT pg_tviews_convert_table('mv_short',
    'SELECT pk_user, id, name, jsonb_build_object(''name'', name) AS data FROM tb_user');
SELECT * FROM mv_short ORDER BY 1;
TABLE stale;

-- Refused, and nothing has changed.
CREATE VIEW state AS
SELECT relname, relkind FROM pg_class
 WHERE relnamespace = 'convert'::regnamespace AND relname ~ '^(mv_|v_|tv_)?(bad|data|used|dup)' ORDER BY 1;
CREATE MATERIALIZED VIEW mv_bad AS SELECT pk_user, id, now() AS at, to_jsonb(name) AS data FROM tb_user;
CREATE INDEX ON mv_bad (at);
SELECT pg_tviews_convert_table('mv_bad');
SELECT pg_tviews_convert_table('mv_bad', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user');
SELECT pg_tviews_convert_table('mv_bad', 'SELECT pk_user, id, name AS at, to_jsonb(name) AS data FROM tb_user');
CREATE MATERIALIZED VIEW mv_dup AS SELECT 1 AS pk_dup, id, to_jsonb(name) AS data FROM tb_user;
SELECT pg_tviews_convert_table('mv_dup');
CREATE MATERIALIZED VIEW mv_used AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
CREATE VIEW reader AS SELECT pk_user FROM mv_used;
SELECT pg_tviews_convert_table('mv_used');
CREATE TABLE data (pk_user int PRIMARY KEY REFERENCES tb_user, id uuid, data jsonb CHECK (data IS NOT NULL));
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT ON data FOR EACH ROW EXECUTE FUNCTION nothing();
INSERT INTO data SELECT pk_user, id, to_jsonb(email) FROM tb_user;
SELECT pg_tviews_convert_table('data');
SELECT pg_tviews_convert_table('data', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user');
DROP TRIGGER t ON data;
ALTER TABLE data DROP CONSTRAINT data_data_check, DROP CONSTRAINT data_pk_user_fkey;
SELECT pg_tviews_convert_table('data', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user');
SELECT pg_tviews_convert_table('data', 'SELECT pk_user, id, data FROM data');
SELECT pg_tviews_convert_table('data', 'WITH d AS (SELECT * FROM data) SELECT pk_user, id, data FROM (SELECT * FROM d) e');
SELECT pg_tviews_convert_table('data', 'SELECT 1) x; DROP TABLE convert.data; SELECT (2');
SELECT pg_tviews_convert_table('data', '');
TABLE state;
SELECT count(*) FROM data;
TRUNCATE data;
SELECT pg_tviews_convert_table('data', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user');
SELECT count(*) FROM data;

-- Names, rights, kinds.
SELECT pg_tviews_convert_table(NULL);
SELECT pg_tviews_convert_table('nothing_there');
SELECT pg_tviews_convert_table('tv_data');
SELECT pg_tviews_convert_table('reader');
SELECT pg_tviews_convert_table('a.b.c.d');
CREATE TABLE parted (pk_user int, id uuid, data jsonb) PARTITION BY LIST (pk_user);
SELECT pg_tviews_convert_table('parted', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user');
CREATE MATERIALIZED VIEW post AS SELECT pk_post, id, to_jsonb(title) AS data FROM tb_post;
SELECT pg_tviews_convert_table('post');
CREATE TEMP TABLE temporary (pk_user int, id uuid, data jsonb);
SELECT pg_tviews_convert_table('temporary', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user');
SET ROLE regress_convert_reader;
SELECT pg_tviews_convert_table('mv_dup');
RESET ROLE;

-- It is a part of the transaction.
DROP VIEW reader;
BEGIN;
SELECT pg_tviews_convert_table('mv_used');
UPDATE tb_user SET name = 'Bobby' WHERE pk_user = 2;
SELECT data FROM mv_used WHERE pk_user = 2;
ROLLBACK;
SELECT relkind FROM pg_class WHERE oid = 'mv_used'::regclass;
REFRESH MATERIALIZED VIEW mv_used;

SET client_min_messages = warning;
DROP SCHEMA convert CASCADE;
DROP ROLE regress_convert_owner, regress_convert_reader;
