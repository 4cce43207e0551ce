-- patching - changes that reach known parts of the document only are put into the stored documents.
\a \t
CREATE SCHEMA patching;
SET search_path = patching, public;
CREATE TABLE tb_company (pk_company int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, bio text, score numeric, settings jsonb, active boolean DEFAULT true,
                      fk_company int);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text, body text, kind text DEFAULT 'a');
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid NOT NULL, fk_post int, fk_user int, text text, place int, visible boolean DEFAULT true);
CREATE INDEX ON tb_post (fk_user);
CREATE INDEX ON tb_comment (fk_post);
INSERT INTO tb_company SELECT n, uid(n), 'company ' || n FROM generate_series(1, 2) n;
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, 'bio ' || n, n + 0.50, jsonb_build_object('n', n), true, 1 + n % 2 FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n, repeat('body ', n) FROM generate_series(1, 90) n;
INSERT INTO tb_comment SELECT n, uid(n), 1 + n % 30, 1 + n % 4, 'comment ' || n, n % 7 FROM generate_series(1, 200) n;

-- How many documents has the statement patched, how many rows written, and is everything as the definitions say?
CREATE FUNCTION patches(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE before bigint; written bigint; after bigint; wrong bigint;
BEGIN
    PERFORM pg_tviews_flush();
    before := pg_tviews_queue_stats()->>'patched';
    EXECUTE statement;
    written := pg_tviews_flush();
    after := pg_tviews_queue_stats()->>'patched';
    SELECT sum(missing + extra + different) INTO wrong FROM pg_tviews_verify();
    RETURN format('%s patched of %s written%s', after - before, written, CASE WHEN wrong > 0 THEN ' WRONG' END);
END
$$;

CREATE TABLE tv_post AS
    SELECT p.pk_post, p.id, p.fk_user,
           jsonb_build_object('id', p.id, 'title', p.title, 'title_length', length(p.title), 'kind', p.kind,
               'author', jsonb_build_object('name', u.name, 'score', u.score, 'settings', u.settings, 'label', u.name || ' (' || u.bio || ')',
                                            'company', jsonb_build_object('name', c.name)),
               'comments', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'text', m.text, 'by', a.name) ORDER BY m.place, m.pk_comment), '[]')
                              FROM tb_comment m JOIN tb_user a ON a.pk_user = m.fk_user WHERE m.fk_post = p.pk_post AND m.visible),
               'same_kind', (SELECT count(*) FROM tb_post o WHERE o.kind = p.kind AND o.fk_user = p.fk_user)) AS data
      FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user LEFT JOIN tb_company c ON c.pk_company = u.fk_company
     WHERE u.active;
SELECT line FROM pg_tviews_explain('post') line WHERE line ~ '^source|patches';

-- own columns, columns of one parent in many documents, of a parent's parent, numerics and jsonb as they are
SELECT patches($$UPDATE tb_post SET title = 'changed ' || pk_post WHERE pk_post <= 3$$);
SELECT patches($$UPDATE tb_user SET score = 1.000 WHERE pk_user = 2$$);
SELECT patches($$UPDATE tb_user SET score = NULL, settings = '{"deep": {"n": [1.10, {}]}, "": null}' WHERE pk_user = 2$$);
SELECT patches($$UPDATE tb_user SET settings = NULL WHERE pk_user = 2$$);
SELECT patches($$UPDATE tb_user SET bio = bio || '!'$$);
SELECT patches($$UPDATE tb_company SET name = upper(name)$$);
SELECT data->'author' FROM tv_post WHERE pk_post = 1;
-- sub-selects: rows come, go and move
SELECT patches($$UPDATE tb_comment SET text = 'edited' WHERE pk_comment = 30$$);
SELECT patches($$INSERT INTO tb_comment SELECT 1000, uid(1000), 3, 2, 'new', 0$$);
SELECT patches($$UPDATE tb_comment SET fk_post = 4 WHERE pk_comment = 1000$$);
SELECT patches($$UPDATE tb_comment SET visible = false WHERE pk_comment = 1000$$);
SELECT patches($$DELETE FROM tb_comment WHERE fk_post = 4$$);
SELECT data->'comments' FROM tv_post WHERE pk_post = 4;
-- a name that is in the document in two ways
SELECT patches($$UPDATE tb_user SET name = 'renamed' WHERE pk_user = 3$$);
-- several changes meet
SELECT patches($$WITH a AS (UPDATE tb_user SET bio = 'b' WHERE pk_user = 1), b AS (UPDATE tb_comment SET text = 't' WHERE pk_comment < 9)
                 UPDATE tb_post SET title = 't' WHERE pk_post = 1$$);

-- not patched: columns in conditions, keys, other output columns, rows that come and go
SELECT patches($$UPDATE tb_user SET active = false WHERE pk_user = 1$$);
SELECT patches($$UPDATE tb_user SET active = true WHERE pk_user = 1$$);
SELECT patches($$UPDATE tb_post SET fk_user = 2 WHERE pk_post = 5$$);
SELECT patches($$UPDATE tb_post SET id = uid(5000) WHERE pk_post = 5$$);
SELECT patches($$UPDATE tb_user SET fk_company = NULL WHERE pk_user = 1$$);
SELECT patches($$INSERT INTO tb_post SELECT 1000, uid(1000), 1, 'new', ''$$);
SELECT patches($$DELETE FROM tb_post WHERE pk_post = 1000$$);
-- both kinds in one transaction, and what rollback leaves
BEGIN;
SELECT patches($$UPDATE tb_post SET title = 'one' WHERE pk_post = 1$$);
SAVEPOINT a;
SELECT patches($$UPDATE tb_user SET bio = 'two' WHERE pk_user = 2$$);
UPDATE tb_post SET fk_user = 2 WHERE pk_post = 7;
ROLLBACK TO a;
SELECT patches($$UPDATE tb_post SET title = 'three' WHERE pk_post = 2$$);
COMMIT;
SELECT patches($$UPDATE tb_post SET title = 'four' WHERE pk_post = 2$$);
-- no-ops write nothing
SELECT patches($$UPDATE tb_post SET title = lower(title) WHERE pk_post = 2$$);
-- switched off
SET pg_tviews.enable_patch = off;
SELECT patches($$UPDATE tb_post SET title = 'five' WHERE pk_post = 2$$);
RESET pg_tviews.enable_patch;

-- a document that does not look as expected is recomputed
SET pg_tviews.allow_direct_writes = on;
UPDATE tv_post SET data = data - 'author' WHERE pk_post = 3;
UPDATE tv_post SET data = '5' WHERE pk_post = 6;
UPDATE tv_post SET data = NULL WHERE pk_post = 9;
DELETE FROM tv_post WHERE pk_post = 12;
RESET pg_tviews.allow_direct_writes;
SELECT patches($$UPDATE tb_user SET bio = 'after repair'$$);
-- a user's triggers and generated columns
ALTER TABLE tv_post ADD author_name text GENERATED ALWAYS AS (data #>> '{author,label}') STORED;
CREATE TABLE seen (pk int, label text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO seen VALUES (NEW.pk_post, NEW.author_name); RETURN NULL; END$$;
CREATE TRIGGER see AFTER UPDATE ON tv_post FOR EACH ROW WHEN (NEW.pk_post < 4) EXECUTE FUNCTION see();
SELECT patches($$UPDATE tb_user SET bio = 'seen'$$);
SELECT * FROM seen ORDER BY pk;
DROP TRIGGER see ON tv_post;

-- embedded documents of other TVIEWs, with GROUP BY, WITH and quoted names
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'bio', u.bio) AS data FROM tb_user u;
CREATE TABLE tv_thread AS
    WITH c AS (SELECT * FROM tb_comment WHERE visible)
    SELECT p.pk_post AS pk_thread, p.id, jsonb_build_object('ti"tle', p.title, 'author', u.data, 'comments', count(c.pk_comment), 'last', max(c.text)) AS data
      FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user LEFT JOIN c ON c.fk_post = p.pk_post GROUP BY p.pk_post, p.id, p.title, u.pk_user, u.data;
CREATE TABLE tv_page AS SELECT p.pk_post AS pk_page, p.id, jsonb_build_object('title', p.title, 'author', jsonb_build_object('id', u.id, 'data', u.data)) AS data
      FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
SELECT line FROM pg_tviews_explain('thread') line WHERE line ~ '^source|patches';
SELECT line FROM pg_tviews_explain('page') line WHERE line ~ '^source|patches';
SELECT patches($$UPDATE tb_user SET bio = 'cascade' WHERE pk_user = 2$$);
SELECT patches($$UPDATE tb_comment SET text = 'zz' WHERE pk_comment = 50$$);

-- documents without a plain layout: every leaf alone, merged, with keys computed or repeated
CREATE TABLE tv_merged AS SELECT u.pk_user AS pk_merged, u.id, jsonb_build_object('name', u.name) || jsonb_build_object('bio', u.bio) AS data FROM tb_user u;
CREATE TABLE tv_computed AS SELECT u.pk_user AS pk_computed, u.id, jsonb_build_object('k' || u.pk_user, u.name, 'bio', u.bio) AS data FROM tb_user u;
CREATE TABLE tv_repeated AS SELECT u.pk_user AS pk_repeated, u.id, jsonb_build_object('k', u.name, 'k', u.bio, 'x', u.score) AS data FROM tb_user u;
CREATE TABLE tv_inner AS SELECT u.pk_user AS pk_inner, u.id, jsonb_build_object('a', jsonb_build_object('k', u.name, 'k', u.bio), 'x', u.score, 'e', jsonb_build_object()) AS data
  FROM tb_user u;
CREATE TABLE tv_alone AS SELECT 1 AS pk_alone, uid(1) AS id, jsonb_build_object('users', count(*), 'names', min(u.name)) AS data FROM tb_user u;
SELECT e.entity, line FROM pg_tview_meta e, pg_tviews_explain(e.entity) line WHERE e.entity IN ('merged', 'computed', 'repeated', 'inner', 'alone') AND line ~ 'patches' ORDER BY 1, 2;
SELECT patches($$UPDATE tb_user SET name = 'n' || pk_user, bio = 'b' || pk_user$$);
SELECT patches($$UPDATE tb_user SET score = score + 1$$);

-- a wide document: leaves beyond the 62nd share a place
SELECT pg_tviews_create('wide', 'SELECT u.pk_user AS pk_wide, u.id, jsonb_build_object(' ||
    string_agg(format('%L, u.score + %s', 'm' || n, n), ', ') || $$, 'c', jsonb_build_object('name', u.name, 'bio', u.bio)) || '{}' AS data FROM tb_user u$$)
  FROM generate_series(1, 40) n;
SELECT pg_tviews_create('broad', format('SELECT u.pk_user AS pk_broad, u.id, jsonb_build_object(%s, %L, jsonb_build_object(%s, ''name'', u.name, ''bio'', u.bio)) AS data FROM tb_user u',
    string_agg(format('%L, u.score + %s', 'm' || n, n), ', '), 'c', string_agg(format('%L, u.score + %s', 'm' || n, n), ', '))) FROM generate_series(1, 40) n;
SELECT left(line, 40) FROM pg_tviews_explain('broad') line WHERE line ~ 'patches by [^s]' ORDER BY 1;
SELECT patches($$UPDATE tb_user SET name = 'wide'$$);
SELECT patches($$UPDATE tb_user SET score = 7.0$$);

-- at REPEATABLE READ what has been computed with an older snapshot is computed again
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE tb_post SET title = 'repeatable' WHERE pk_post = 1;
SELECT data->>'title' FROM tv_post WHERE pk_post = 1;
UPDATE tb_user SET bio = 'repeatable' WHERE pk_user = 2;
COMMIT;
SELECT sum(missing + extra + different) FROM pg_tviews_verify();
SET client_min_messages = warning;
DROP SCHEMA patching CASCADE;
