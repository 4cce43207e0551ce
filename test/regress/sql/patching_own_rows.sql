-- patching_own_rows - members that are computed from one row: when the document's own columns tell which row that is, and when they do not.
\a \t
CREATE SCHEMA own_rows;
SET search_path = own_rows, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, code text COLLATE "C" UNIQUE, mail text, name text, bio text, active boolean DEFAULT true, at timestamptz, kind char(4));
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, fk_editor int, author text, title text, published boolean DEFAULT true);
INSERT INTO tb_user SELECT n, uid(n), 'c' || n, 'm' || n, 'user ' || n, 'bio ' || n, n % 2 = 0, '2024-01-01 12:00+00', 'k' FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 5, 1 + n % 3, 'c' || n % 6, 'post ' || n, n % 3 > 0 FROM generate_series(1, 30) n;

CREATE FUNCTION own(entity text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT line FROM pg_tviews_explain(entity) line WHERE line ~ '^source|patches';
$$;
-- Runs a statement; how many documents has it patched, and is every TVIEW as its definition says?
CREATE FUNCTION patches(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE before bigint; after bigint; wrong text;
BEGIN
    PERFORM pg_tviews_flush();
    before := pg_tviews_queue_stats()->>'patched';
    EXECUTE statement;
    PERFORM pg_tviews_flush();
    after := pg_tviews_queue_stats()->>'patched';
    SELECT string_agg(entity, ', ') INTO wrong FROM pg_tviews_verify() WHERE missing + extra + different > 0;
    RETURN format('%s patched%s', after - before, ', WRONG: ' || wrong);
END
$$;

-- by the key; by a column that an inner join makes equal; by a LEFT JOIN of nothing but that equality
CREATE TABLE tv_joined AS SELECT p.pk_post AS pk_joined, p.id, p.fk_user, p.fk_editor,
        jsonb_build_object('title', upper(p.title), 'author', jsonb_build_object('name', u.name, 'at', u.at, 'kind', u.kind), 'editor', e.name || '?') AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user LEFT JOIN tb_user e ON p.fk_editor = e.pk_user;
SELECT own('joined');
SELECT patches($$UPDATE tb_post SET title = title || '!' WHERE pk_post < 4$$);
SELECT patches($$UPDATE tb_user SET name = name || '!'$$);
SELECT patches($$UPDATE tb_user SET at = at + interval '1 day', kind = 'l'$$);
SET timezone = 'Asia/Tokyo';
SELECT patches($$UPDATE tb_user SET at = at + interval '1 day' WHERE pk_user = 2$$);
RESET timezone;
SELECT patches($$WITH a AS (UPDATE tb_user SET name = 'both' WHERE pk_user = 2) UPDATE tb_post SET title = 'both' WHERE fk_user = 2$$);
SELECT patches($$WITH a AS (UPDATE tb_user SET name = 'moved' WHERE pk_user = 2) UPDATE tb_post SET fk_user = 3 WHERE fk_user = 2$$);
SELECT patches($$UPDATE tb_user SET name = NULL WHERE pk_user = 3$$);
SELECT patches($$UPDATE tb_user SET pk_user = 5, name = 'new key' WHERE pk_user = 4$$);
SELECT patches($$UPDATE tb_user SET name = 'five' WHERE pk_user = 5$$);
DROP TABLE tv_joined;

-- Outer joins that ask for more: there is a row with that key, and yet none has been joined.
CREATE TABLE tv_more AS SELECT p.pk_post AS pk_more, p.id, p.fk_user, jsonb_build_object('name', u.name, 'title', p.title) AS data
    FROM tb_post p LEFT JOIN tb_user u ON u.pk_user = p.fk_user AND u.active;
CREATE TABLE tv_left AS SELECT p.pk_post AS pk_left, p.id, p.fk_user, jsonb_build_object('name', coalesce(u.name, 'nobody'), 'title', p.title) AS data
    FROM tb_post p LEFT JOIN tb_user u ON u.pk_user = p.fk_user AND p.published;
CREATE TABLE tv_inside AS SELECT p.pk_post AS pk_inside, p.id, p.fk_user, jsonb_build_object('name', u.name, 'title', p.title) AS data
    FROM tb_post p LEFT JOIN (SELECT * FROM tb_user WHERE active) u ON u.pk_user = p.fk_user;
CREATE VIEW active_user AS SELECT * FROM tb_user WHERE active;
CREATE TABLE tv_through AS SELECT p.pk_post AS pk_through, p.id, p.fk_user, jsonb_build_object('name', u.name, 'title', p.title) AS data
    FROM tb_post p LEFT JOIN active_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_full AS SELECT coalesce(p.pk_post, -u.pk_user) AS pk_full, p.id, p.fk_user, jsonb_build_object('name', u.name, 'title', p.title) AS data
    FROM tb_post p FULL JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_nested AS SELECT p.pk_post AS pk_nested, p.id, e.pk_user AS fk_user, x.fk_editor, jsonb_build_object('name', e.name, 'title', x.title) AS data
    FROM tb_post p LEFT JOIN (tb_post x LEFT JOIN tb_user e ON e.pk_user = x.fk_editor) ON x.pk_post = p.pk_post + 1 AND x.published;
SELECT e, own(e) FROM unnest(ARRAY['more', 'left', 'inside', 'through', 'full', 'nested']) e;
SELECT patches($$UPDATE tb_user SET name = name || '+'$$);
SELECT patches($$UPDATE tb_user SET active = NOT active, name = name || '-'$$);
SELECT patches($$UPDATE tb_user SET name = name || '+'$$);
SELECT patches($$UPDATE tb_post SET title = title || '+', published = NOT published WHERE pk_post > 10$$);
SELECT patches($$UPDATE tb_post SET title = title || '+'$$);
SELECT patches($$INSERT INTO tb_user VALUES (4, uid(4), 'c40', 'm4', 'four')$$);
SELECT patches($$UPDATE tb_user SET name = 'vier' WHERE pk_user = 4$$);
SELECT patches($$WITH d AS (DELETE FROM tb_user WHERE pk_user = 4) UPDATE tb_user SET name = 'x' WHERE pk_user <> 4$$);
SELECT pg_tviews_drop(e) FROM unnest(ARRAY['more', 'left', 'inside', 'through', 'full', 'nested']) e;

-- No unique index, one that does not cover, one that is not always there, one in which equal means something else
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tb_place (pk_place int, id uuid NOT NULL, code text, part int, name text, city text COLLATE nocase);
INSERT INTO tb_place SELECT n, uid(n), 'c' || n % 6, n % 6, 'place ' || n, 'City ' || n FROM generate_series(1, 5) n;
CREATE TABLE tv_place AS SELECT p.pk_post AS pk_place, p.id, p.author, p.fk_user, jsonb_build_object('title', p.title, 'place', l.name) AS data
    FROM tb_post p JOIN tb_place l ON l.code = p.author AND l.part = p.fk_user;
SELECT own('place');
CREATE UNIQUE INDEX place_partial ON tb_place (code) WHERE part < 4;
CREATE UNIQUE INDEX place_expression ON tb_place (lower(code));
ALTER TABLE tb_place ADD CONSTRAINT place_deferrable UNIQUE (code) DEFERRABLE;
CREATE UNIQUE INDEX place_other ON tb_place (code, name);
SELECT own('place');
SELECT patches($$UPDATE tb_place SET name = name || '!'$$);
CREATE UNIQUE INDEX place_unique ON tb_place (part, code);
SELECT own('place');
SELECT patches($$UPDATE tb_place SET name = name || '!'$$);
DROP INDEX place_unique;
SELECT own('place');
SELECT patches($$UPDATE tb_place SET name = name || '!'$$);
DROP TABLE tv_place;
CREATE UNIQUE INDEX place_city ON tb_place (city);
CREATE TABLE tv_city AS SELECT p.pk_post AS pk_city, p.id, p.author, l.city, jsonb_build_object('title', p.title, 'place', l.name) AS data
    FROM tb_post p JOIN tb_place l ON l.code = p.author;
SELECT own('city');
SELECT patches($$UPDATE tb_place SET name = name || '!'$$);
SELECT patches($$UPDATE tb_place SET city = upper(city), name = name || '!'$$);
DROP TABLE tv_city;

-- types that are compared across, values that are equal and look different
CREATE TABLE tb_price (pk_price bigint PRIMARY KEY, id uuid NOT NULL, amount numeric UNIQUE, short varchar(10) UNIQUE, note text);
CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL, fk_price int, amount numeric, short text, note text);
INSERT INTO tb_price SELECT n, uid(n), (n || '.0')::numeric, 's' || n, 'note' FROM generate_series(1, 4) n;
INSERT INTO tb_item SELECT n, uid(n), n, (n || '.00')::numeric, 's' || n, 'item' FROM generate_series(1, 4) n;
CREATE TABLE tv_across AS SELECT i.pk_item AS pk_across, i.id, i.fk_price, jsonb_build_object('a', r.note, 'b', i.note) AS data
    FROM tb_item i JOIN tb_price r ON r.pk_price = i.fk_price;
CREATE TABLE tv_numeric AS SELECT i.pk_item AS pk_numeric, i.id, i.amount, jsonb_build_object('a', r.note, 'b', i.note) AS data
    FROM tb_item i JOIN tb_price r USING (amount);
CREATE TABLE tv_short AS SELECT i.pk_item AS pk_short, i.id, i.short, jsonb_build_object('a', r.note, 'b', i.note) AS data
    FROM tb_item i LEFT JOIN tb_price r ON i.short = r.short;
SELECT e, own(e) FROM unnest(ARRAY['across', 'numeric', 'short']) e;
SELECT patches($$UPDATE tb_price SET note = 'other'$$);
SELECT patches($$UPDATE tb_price SET note = 'again', amount = amount * 1.000 WHERE pk_price = 2$$);
SELECT pg_tviews_drop(e) FROM unnest(ARRAY['across', 'numeric', 'short']) e;

-- functions that may be redefined, sub-selects and rows of other sources in a member: by a query
CREATE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT upper($1) || '!'$$;
CREATE TABLE tv_function AS SELECT p.pk_post AS pk_function, p.id, p.fk_user,
        jsonb_build_object('a', shout(u.name), 'b', u.bio || p.title, 'c', (SELECT max(name) FROM tb_user x WHERE x.mail = u.mail), 'd', u.code) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
SELECT own('function');
SELECT patches($$UPDATE tb_user SET name = 'anna', bio = 'b', mail = 'm'$$);
SELECT patches($$UPDATE tb_user SET code = 'x' || pk_user, bio = 'c'$$);
SELECT patches($$UPDATE tb_user SET code = 'y' || pk_user$$);
CREATE OR REPLACE FUNCTION shout(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT lower($1) || '!!'$$;
SELECT patches($$UPDATE tb_user SET code = 'z' || pk_user$$);
DROP TABLE tv_function;

-- groups; tables with children and partitions; sources that are TVIEWs
CREATE TABLE tv_group AS SELECT u.pk_user AS pk_group, u.id, jsonb_build_object('name', u.name, 'posts', count(*)) AS data
    FROM tb_user u JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY u.pk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'bio', u.bio) AS data FROM tb_user u;
CREATE TABLE tv_page AS SELECT p.pk_post AS pk_page, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
    FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
SELECT e, own(e) FROM unnest(ARRAY['group', 'user', 'page']) e;
SELECT patches($$UPDATE tb_user SET name = 'n' || pk_user, bio = 'b'$$);
SELECT patches($$UPDATE tb_post SET fk_user = 1 + fk_user % 3$$);
SELECT patches($$UPDATE tb_user SET name = 'm' || pk_user$$);
CREATE TABLE tb_special (CHECK (pk_user > 100)) INHERITS (tb_user);
SELECT patches($$INSERT INTO tb_special (pk_user, id, name) VALUES (101, uid(101), 'child')$$);
SELECT patches($$UPDATE tb_user SET name = 'k' || pk_user$$);
SELECT data FROM tv_user WHERE pk_user = 101;

-- a role that owns the TVIEW and may not read the table: as with a query
CREATE ROLE own_rows_owner;
GRANT USAGE, CREATE ON SCHEMA own_rows TO own_rows_owner;
GRANT SELECT ON tb_price TO own_rows_owner;
SET ROLE own_rows_owner;
CREATE TABLE tv_price AS SELECT pk_price, id, jsonb_build_object('note', note, 'short', short) AS data FROM tb_price;
RESET ROLE;
SELECT patches($$UPDATE tb_price SET note = 'mine'$$);
REVOKE SELECT ON tb_price FROM own_rows_owner;
DO $$
BEGIN
    UPDATE tb_price SET note = 'not allowed';
    PERFORM pg_tviews_flush();
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE '%', SQLERRM;
END $$;
GRANT SELECT (pk_price, id, note, short) ON tb_price TO own_rows_owner;
SELECT patches($$UPDATE tb_price SET note = 'by column'$$);

SET client_min_messages = error;
DROP SCHEMA own_rows CASCADE;
DROP ROLE own_rows_owner;
