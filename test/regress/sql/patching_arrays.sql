-- patching_arrays - in a large document only the elements of an array that have changed are computed again.
\a \t
CREATE SCHEMA patching_arrays;
SET search_path = patching_arrays, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, title text);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid NOT NULL UNIQUE, code text COLLATE "C" UNIQUE, fk_post int, fk_user int, text text, place numeric,
                         visible boolean DEFAULT true);
CREATE INDEX ON tb_comment (fk_post);
INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(1, 5) n;
INSERT INTO tb_post SELECT n, uid(n), 'post ' || n FROM generate_series(1, 4) n;
INSERT INTO tb_comment SELECT n, uid(n), 'c' || n, CASE WHEN n <= 1000 THEN 1 WHEN n <= 2000 THEN 2 ELSE 3 END, 1 + n % 5, 'comment ' || n, n * 7 % 500
  FROM generate_series(1, 2005) n;
INSERT INTO tb_comment VALUES (3000, uid(3000), NULL, 2, 1, 'no code', 100);

-- As in patching, and how many elements the definition's function has computed.
CREATE SEQUENCE computed;
CREATE FUNCTION count_element(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM nextval('patching_arrays.computed'); RETURN $1; END$$;
CREATE FUNCTION patches(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE before bigint; written bigint; after bigint; wrong bigint; elements bigint;
BEGIN
    PERFORM pg_tviews_flush();
    before := pg_tviews_queue_stats()->>'patched';
    PERFORM setval('computed', 1000000);
    EXECUTE statement;
    written := pg_tviews_flush();
    elements := nextval('computed') - 1000001;
    after := pg_tviews_queue_stats()->>'patched';
    SELECT sum(missing + extra + different) INTO wrong FROM pg_tviews_verify();
    RETURN format('%s patched of %s written, %s elements%s', after - before, written, elements, CASE WHEN wrong > 0 THEN ' WRONG' END);
END
$$;

-- ordered by columns that are not in the elements, and with an author
CREATE TABLE tv_post AS
    SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'n', (SELECT count(*) FROM tb_comment x WHERE x.fk_post = p.pk_post), 'comments',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('text', count_element(c.text), 'id', c.id, 'by', u.name) ORDER BY c.place, c.pk_comment DESC), '[]')
                  FROM tb_comment c JOIN tb_user u ON u.pk_user = c.fk_user WHERE c.fk_post = p.pk_post AND c.visible)) AS data
      FROM tb_post p;
SELECT line FROM pg_tviews_explain('post') line WHERE line ~ '^source|patches';
SELECT pk_post, length(data::text) > 50000 AS large, jsonb_array_length(data->'comments') FROM tv_post ORDER BY 1;
-- in their places
SELECT patches($$UPDATE tb_comment SET text = 'edited' WHERE pk_comment = 500$$);
SELECT patches($$UPDATE tb_comment SET text = 'edited ' || repeat('x', pk_comment % 9), fk_user = 1 WHERE pk_comment % 100 = 1$$);
SELECT patches($$UPDATE tb_comment SET text = NULL WHERE pk_comment IN (1, 1000)$$);
-- to other places, away, hidden, shown, gone, new at either end
SELECT patches($$UPDATE tb_comment SET place = -1 WHERE pk_comment = 500$$);
SELECT patches($$UPDATE tb_comment SET place = 10000 WHERE pk_comment IN (500, 600)$$);
SELECT patches($$UPDATE tb_comment SET place = NULL WHERE pk_comment = 500$$);
SELECT patches($$UPDATE tb_comment SET fk_post = 2 WHERE pk_comment = 500$$);
SELECT patches($$UPDATE tb_comment SET visible = false WHERE pk_comment BETWEEN 1500 AND 1510$$);
SELECT patches($$UPDATE tb_comment SET visible = true WHERE pk_comment BETWEEN 1500 AND 1510$$);
SELECT patches($$DELETE FROM tb_comment WHERE pk_comment BETWEEN 990 AND 1010$$);
SELECT patches($$INSERT INTO tb_comment SELECT n, uid(n), 'n' || n, 1, 1, 'new', n % 500 - 1 FROM generate_series(5000, 5003) n$$);
SELECT patches($$UPDATE tb_comment SET id = uid(9999), pk_comment = 9999 WHERE pk_comment = 5000$$);
SELECT patches($$UPDATE tb_comment a SET id = uid(CASE pk_comment WHEN 1 THEN 80001 ELSE 80002 END) WHERE pk_comment IN (1, 2)$$);
-- no-op, several at once, with other leaves
SELECT patches($$UPDATE tb_comment SET text = 'x' WHERE pk_comment = 700; UPDATE tb_comment SET text = 'comment 700' WHERE pk_comment = 700$$);
SELECT patches($$UPDATE tb_post SET title = 't'; UPDATE tb_comment SET text = 'twice' WHERE pk_comment IN (3, 1900); INSERT INTO tb_comment VALUES (6000, uid(6000), NULL, 1, 1, 'n', 3)$$);
-- small documents (one element is patched, several are not), the last element, too many elements, another relation of the sub-select
SELECT patches($$UPDATE tb_comment SET text = 'small' WHERE pk_comment = 2003$$);
SELECT patches($$UPDATE tb_comment SET place = place + 1000 WHERE pk_comment = 2003$$);
SELECT patches($$UPDATE tb_comment SET id = uid(2103) WHERE pk_comment = 2003$$);
SELECT patches($$INSERT INTO tb_comment VALUES (2006, uid(2006), 'c2006', 3, 1, 'small', 0)$$);
SELECT patches($$DELETE FROM tb_comment WHERE pk_comment = 2006$$);
SELECT patches($$UPDATE tb_comment SET fk_post = 4 WHERE pk_comment = 2003$$);
SELECT patches($$UPDATE tb_comment SET fk_post = 3 WHERE pk_comment = 2003$$);
SELECT patches($$UPDATE tb_comment SET text = 'small too' WHERE pk_comment IN (2003, 2004)$$);
SELECT patches($$DELETE FROM tb_comment WHERE fk_post = 3$$);
SELECT patches($$UPDATE tb_user SET name = 'renamed' WHERE pk_user = 3$$);
SELECT patches($$UPDATE tb_comment SET text = text || '!'$$);
BEGIN;
UPDATE tb_comment SET text = 'undone' WHERE pk_comment = 10;
SAVEPOINT a;
DELETE FROM tb_comment WHERE pk_comment = 11;
SELECT data->'n' FROM tv_post WHERE pk_post = 1;
ROLLBACK TO a;
SELECT data->'n' FROM tv_post WHERE pk_post = 1;
SELECT patches($$UPDATE tb_comment SET text = 'kept' WHERE pk_comment = 12$$);
COMMIT;
-- a document that is not as it should be
SET pg_tviews.allow_direct_writes = on;
UPDATE tv_post SET data = jsonb_set(data, '{comments,5,id}', 'null') WHERE pk_post = 1;
UPDATE tv_post SET data = data #- '{comments,7}' WHERE pk_post = 2;
RESET pg_tviews.allow_direct_writes;
SELECT patches($$UPDATE tb_comment SET place = 1 WHERE pk_comment IN (20, 1020)$$);
DROP TABLE tv_post;

-- ids of other types and places: the key itself, text; NULL; repeated by a join; aggregated with FILTER; null-extended rows; limits
CREATE TABLE tb_tag (pk_tag int PRIMARY KEY, fk_comment int, tag text);
INSERT INTO tb_tag SELECT n, n * 3, 'tag ' || n FROM generate_series(1, 600) n;
INSERT INTO tb_tag SELECT 1000 + n, n * 3, 'more ' || n FROM generate_series(1, 600) n;
CREATE TABLE tv_text AS SELECT p.pk_post AS pk_text, p.id, jsonb_build_object('t', p.title, 'c',
    (SELECT jsonb_agg(jsonb_build_object('code', c.code, 'text', count_element(c.text)) ORDER BY c.code) FROM tb_comment c WHERE c.fk_post = p.pk_post)) AS data FROM tb_post p;
CREATE TABLE tv_joined AS SELECT p.pk_post AS pk_joined, p.id, jsonb_build_object('t', p.title, 'c',
    (SELECT jsonb_agg(jsonb_build_object('pk', c.pk_comment, 'tag', count_element(g.tag)) ORDER BY g.tag, c.pk_comment) FILTER (WHERE c.visible)
       FROM tb_comment c LEFT JOIN tb_tag g ON g.fk_comment = c.pk_comment WHERE c.fk_post = p.pk_post)) AS data FROM tb_post p;
CREATE TABLE tv_extended AS SELECT p.pk_post AS pk_extended, p.id, jsonb_build_object('t', p.title, 'c',
    (SELECT jsonb_agg(jsonb_build_object('pk', g.pk_tag, 'text', count_element(c.text)) ORDER BY c.pk_comment, g.pk_tag)
       FROM tb_comment c LEFT JOIN tb_tag g ON g.fk_comment = c.pk_comment WHERE c.fk_post = p.pk_post)) AS data FROM tb_post p;
CREATE TABLE tv_limited AS SELECT p.pk_post AS pk_limited, p.id, jsonb_build_object('t', p.title, 'c',
    (SELECT jsonb_agg(jsonb_build_object('pk', l.pk_comment, 'text', count_element(l.text)) ORDER BY l.pk_comment)
       FROM (SELECT * FROM tb_comment c WHERE c.fk_post = p.pk_post ORDER BY c.place, c.pk_comment LIMIT 700) l)) AS data FROM tb_post p;
SELECT patches($$UPDATE tb_comment SET text = 'by text' WHERE pk_comment = 100$$);
SELECT patches($$UPDATE tb_comment SET text = 'null id' WHERE code IS NULL$$);
SELECT patches($$UPDATE tb_comment SET code = code || 'x' WHERE pk_comment IN (300, 301)$$);
SELECT patches($$UPDATE tb_comment SET visible = false WHERE pk_comment = 30$$);
SELECT patches($$DELETE FROM tb_comment WHERE pk_comment = 30$$);
SELECT patches($$INSERT INTO tb_comment VALUES (30, uid(30), 'c30', 1, 1, 'back', 1)$$);
SELECT patches($$DELETE FROM tb_tag WHERE pk_tag IN (20, 1020)$$);
SELECT patches($$INSERT INTO tb_tag VALUES (20, 60, 'again')$$);
-- one element of each of two arrays; of one of them several; and in a document that has none
CREATE TABLE tb_link (pk_link int PRIMARY KEY, url text UNIQUE, fk_post int);
INSERT INTO tb_link SELECT n, 'u' || n, 1 + n % 2 FROM generate_series(1, 9) n;
CREATE TABLE tv_two AS SELECT p.pk_post AS pk_two, p.id, jsonb_build_object(
    'c', (SELECT jsonb_agg(jsonb_build_object('pk', c.pk_comment, 'text', count_element(c.text)) ORDER BY c.pk_comment) FROM tb_comment c WHERE c.fk_post = p.pk_post AND c.pk_comment <= 20),
    'l', (SELECT jsonb_agg(jsonb_build_object('url', l.url, 'text', count_element(l.url)) ORDER BY l.pk_link) FROM tb_link l WHERE l.fk_post = p.pk_post)) AS data FROM tb_post p;
DROP TABLE tv_text, tv_joined, tv_extended, tv_limited;
SELECT patches($$UPDATE tb_comment SET text = 'one' WHERE pk_comment = 5; UPDATE tb_link SET pk_link = 100 WHERE pk_link = 4$$);
SELECT patches($$UPDATE tb_comment SET text = 'two' WHERE pk_comment = 5; DELETE FROM tb_link WHERE pk_link = 100$$);
SELECT patches($$UPDATE tb_comment SET text = 'three' WHERE pk_comment = 5; UPDATE tb_link SET pk_link = -pk_link WHERE fk_post = 1$$);
SELECT patches($$UPDATE tb_link SET url = NULL WHERE pk_link = -2$$);
SELECT patches($$UPDATE tb_link SET pk_link = 200 WHERE url IS NULL$$);
SELECT patches($$INSERT INTO tb_link VALUES (300, 'u300', 4)$$);
SELECT patches($$DELETE FROM tb_link WHERE pk_link = 300$$);
SET client_min_messages = warning;
DROP SCHEMA patching_arrays CASCADE;
