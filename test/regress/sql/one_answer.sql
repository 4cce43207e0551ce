-- one_answer - definitions that leave the order of rows open get one: where rows lie does not matter (ADR 3).
\a \t
CREATE SCHEMA one_answer;
SET search_path = one_answer, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
-- no key, columns without an order, values that are equal but look different
CREATE TABLE wide (c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, c9 int, c10 int, c11 int, c12 int, c13 int,
    fk_user int, amount numeric, doc json, note text, tag text COLLATE "C", spare int);
CREATE TABLE tb_item (pk_item int, id uuid NOT NULL, fk_user int, name text, spare int, CONSTRAINT item_key PRIMARY KEY (pk_item));
CREATE VIEW items AS SELECT pk_item, id, fk_user, name FROM tb_item;
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO wide (fk_user, amount, doc, note, tag) SELECT 1 + n % 3, (n % 3 || CASE WHEN n % 2 = 0 THEN '.0' ELSE '.00' END)::numeric,
    to_json(n % 5), 'note ' || n % 4, 'tag ' || n FROM generate_series(1, 30) n;
INSERT INTO tb_item SELECT n, uid(100 + n), 1 + n % 3, 'item ' || n FROM generate_series(1, 12) n;
-- Every row is moved, and those that were read first are read last; nothing that is used changes.
CREATE FUNCTION shuffle() RETURNS text LANGUAGE plpgsql AS $$
DECLARE place tid;
BEGIN
    FOR place IN SELECT ctid FROM wide ORDER BY md5(tag) LOOP UPDATE wide SET spare = coalesce(spare, 0) + 1 WHERE ctid = place; END LOOP;
    FOR place IN SELECT ctid FROM tb_item ORDER BY md5(name) LOOP UPDATE tb_item SET spare = coalesce(spare, 0) + 1 WHERE ctid = place; END LOOP;
    RETURN assert_exact();
END $$;
CREATE TABLE tv_wide AS SELECT u.pk_user AS pk_wide, u.id, jsonb_build_object('tags', jsonb_agg(second.tag), 'amounts', array_agg(second.amount),
    'docs', jsonb_agg(second.doc), 'rows', jsonb_agg(second), 'greatest', max(second.amount)) AS data
    FROM tb_user u LEFT JOIN wide first ON first.fk_user = u.pk_user AND first.note = 'note 1' LEFT JOIN wide second ON second.fk_user = u.pk_user GROUP BY u.pk_user;
CREATE TABLE tv_first AS SELECT u.pk_user AS pk_first, u.id, jsonb_build_object(
    'few', (SELECT jsonb_agg(q) FROM (SELECT doc, amount FROM wide WHERE fk_user = u.pk_user ORDER BY note LIMIT 3) q),
    'one', (SELECT jsonb_agg(q) FROM (SELECT DISTINCT ON (note) note, doc, amount FROM wide WHERE fk_user = u.pk_user) q),
    'counts', (SELECT jsonb_agg(q) FROM (SELECT note, count(*), row_number() OVER (ORDER BY count(*)) FROM wide WHERE fk_user = u.pk_user GROUP BY note) q),
    'sets', (SELECT jsonb_agg(q) FROM (SELECT note, tag, count(*) FROM wide WHERE fk_user = u.pk_user GROUP BY GROUPING SETS ((note), (tag)) LIMIT 6) q),
    'both', (SELECT jsonb_agg(q) FROM (SELECT note FROM wide WHERE fk_user = u.pk_user UNION ALL SELECT name FROM items WHERE fk_user = u.pk_user LIMIT 5) q),
    'numbers', (SELECT jsonb_agg(q) FROM (SELECT tag, row_number() OVER (ORDER BY note RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
        first_value(doc) OVER (PARTITION BY note), count(*) OVER (ORDER BY note), array_agg(note) OVER (ORDER BY note) FROM wide WHERE fk_user = u.pk_user) q)) AS data FROM tb_user u;
SELECT assert_exact();
SELECT shuffle();
UPDATE wide SET amount = amount * 1.0, doc = '{"a": 1}' WHERE tag < 'tag 2';
SELECT shuffle();
-- An offset frame takes one column; row_number() does not look at frames.
CREATE TABLE tv_offset AS SELECT pk_item AS pk_offset, id, jsonb_build_object('n', row_number() OVER (ORDER BY fk_user RANGE BETWEEN 1 PRECEDING AND CURRENT ROW), 's', sum(fk_user) OVER (ORDER BY fk_user RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)) AS data FROM tb_item;
SELECT shuffle();
-- What peers are to be read as, nobody can say.
CREATE TABLE tv_peers AS SELECT pk_item AS pk_peers, id, to_jsonb(array_agg(name) OVER (ORDER BY fk_user)) AS data FROM tb_item;
CREATE TABLE tv_peers AS SELECT pk_item AS pk_peers, id, to_jsonb(last_value(name) OVER (ORDER BY fk_user)) AS data FROM tb_item;
CREATE TABLE tv_peers AS SELECT pk_item AS pk_peers, id, jsonb_build_array(array_agg(name) OVER (ORDER BY fk_user, pk_item), last_value(name) OVER (ORDER BY fk_user RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING),
    array_agg(name) OVER (PARTITION BY fk_user), array_agg(fk_user) OVER (PARTITION BY fk_user ORDER BY spare), string_agg(name, ',') OVER (ORDER BY fk_user ROWS 2 PRECEDING)) AS data FROM tb_item;
SELECT shuffle();
-- Groups of values that are equal and look different show one of them, and are still found by it.
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN price AS numeric;
CREATE TABLE tb_code (pk_code int PRIMARY KEY, id uuid NOT NULL, code numeric, nick text COLLATE ci);
CREATE TABLE use (pk_use int PRIMARY KEY, code numeric, nick text COLLATE ci, price price, span interval, f float8, doc jsonb, list numeric[], exact numeric(5, 1), spare int);
INSERT INTO tb_code SELECT n, uid(n), n, 'N' || n FROM generate_series(0, 3) n;
INSERT INTO use SELECT n, v, CASE WHEN n % 2 = 0 THEN 'n' ELSE 'N' END || n % 4, v, v * CASE WHEN n % 2 = 0 THEN interval '1 day' ELSE interval '24 hours' END,
    CASE WHEN n % 2 = 0 THEN '-0'::float8 ELSE 0 END, to_jsonb(v), ARRAY[v], v FROM (SELECT n, (n % 4 || repeat('0', n % 3))::numeric / 10 ^ (n % 3) AS v FROM generate_series(1, 24) n) q;
CREATE TABLE tv_used AS SELECT c.pk_code AS pk_used, c.id, jsonb_build_object('code', q.code, 'uses', q.uses, 'next', q.code + 1) AS data
    FROM tb_code c LEFT JOIN (SELECT code, count(*) AS uses FROM use GROUP BY code) q ON q.code = c.code;
CREATE TABLE tv_nick AS SELECT c.pk_code AS pk_nick, c.id, jsonb_build_object('all', (SELECT jsonb_agg(q) FROM (SELECT DISTINCT nick, price, span, f, doc, list, exact FROM use WHERE use.nick = c.nick) q),
    'shout', (SELECT jsonb_agg(q) FROM (SELECT nick || '!' AS shout, max(price) FROM use WHERE use.nick = c.nick GROUP BY nick) q)) AS data FROM tb_code c;
CREATE TABLE tv_plain AS SELECT c.pk_code AS pk_plain, c.id, jsonb_build_object('code', c.code, 'nick', c.nick, 'uses', count(*)) AS data FROM tb_code c LEFT JOIN use ON use.code = c.code GROUP BY c.pk_code, c.id, c.code, c.nick;
SELECT pg_get_viewdef('v_used') ~ 'min' AS used, pg_get_viewdef('v_nick') ~ 'min.*exact' AS nick, pg_get_viewdef('v_plain') ~ 'min' AS plain;
SELECT entity, line FROM pg_tview_meta, pg_tviews_explain(entity) line WHERE entity IN ('used', 'nick', 'plain') AND line ~ 'strategy' ORDER BY entity, line COLLATE "C";
CREATE FUNCTION shuffle_uses() RETURNS text LANGUAGE plpgsql AS $$
DECLARE one int;
BEGIN
    FOR one IN SELECT pk_use FROM use ORDER BY md5(pk_use::text) LOOP UPDATE use SET spare = coalesce(spare, 0) + 1 WHERE pk_use = one; END LOOP;
    RETURN assert_exact('tv_used', 'tv_nick', 'tv_plain');
END $$;
SELECT shuffle_uses();
UPDATE use SET code = code * 1.00, nick = upper(nick) WHERE pk_use % 5 = 1;
SELECT shuffle_uses();
DELETE FROM use WHERE pk_use % 3 = 0;
SELECT shuffle_uses();
UPDATE tb_code SET code = 2.000 WHERE pk_code = 1;
SELECT shuffle_uses();
DROP TABLE tv_used, tv_nick, tv_plain;
-- A key that goes, a column that comes, a view that is another
CREATE TABLE tv_keyed AS SELECT u.pk_user AS pk_keyed, u.id, jsonb_build_object('items', (SELECT jsonb_agg(i.name) FROM tb_item i WHERE i.fk_user = u.pk_user)) AS data FROM tb_user u;
CREATE TABLE tv_viewed AS SELECT u.pk_user AS pk_viewed, u.id, jsonb_build_object('items', jsonb_agg(i)) AS data FROM tb_user u LEFT JOIN items i ON i.fk_user = u.pk_user GROUP BY u.pk_user;
ALTER VIEW v_keyed SET (security_barrier);
SELECT pg_get_viewdef('v_keyed') ~ 'ORDER BY i.pk_item, i.name';
ALTER TABLE tb_item DROP CONSTRAINT item_key;
DROP TABLE tv_offset, tv_peers;
ALTER TABLE tb_item DROP CONSTRAINT item_key;
SELECT pg_get_viewdef('v_keyed') ~ 'ORDER BY i.pk_item, i.name', reloptions FROM pg_class WHERE oid = 'v_keyed'::regclass;
SELECT definition ~ 'ORDER BY i.pk_item, i.name' FROM pg_tview_meta WHERE entity = 'keyed';
INSERT INTO tb_item SELECT 1, uid(200 + n), 1, 'twin ' || n FROM generate_series(1, 6) n;
SELECT shuffle();
ALTER TABLE wide ADD COLUMN late int DEFAULT 0;
UPDATE wide SET late = length(tag);
SELECT shuffle();
CREATE OR REPLACE VIEW items AS SELECT pk_item, id, fk_user, name, upper(name) AS shout FROM tb_item;
SELECT shuffle();
-- and nothing happens to those that have an order
ALTER TABLE tb_item ADD COLUMN other int, ADD CONSTRAINT item_name UNIQUE (id);
ALTER TABLE tb_item DROP CONSTRAINT item_name;
SELECT shuffle();
-- A parent's key does not hold for its children.
CREATE TABLE parent (pk int PRIMARY KEY, fk_user int, name text, spare int);
INSERT INTO parent SELECT n, 1 + n % 3, 'parent ' || n FROM generate_series(1, 6) n;
CREATE TABLE tv_family AS SELECT u.pk_user AS pk_family, u.id, jsonb_build_object('names', (SELECT jsonb_agg(p.name) FROM parent p WHERE p.fk_user = u.pk_user),
    'own', (SELECT jsonb_agg(p.name) FROM ONLY parent p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;
CREATE TABLE child () INHERITS (parent);
SELECT regexp_matches(pg_get_viewdef('v_family'), 'ORDER BY [^)]*', 'g');
INSERT INTO child SELECT 1, 2, 'child ' || n FROM generate_series(1, 6) n;
UPDATE child SET spare = 1 WHERE name < 'child 4';
SELECT assert_exact('tv_family');
CREATE TABLE other_child (LIKE parent);
INSERT INTO other_child SELECT 1, 2, 'b other ' || n FROM generate_series(1, 3) n;
ALTER TABLE other_child INHERIT parent;
UPDATE other_child SET spare = 1 WHERE name < 'b other 3';
SELECT assert_exact('tv_family');
SET client_min_messages = warning;
DROP SCHEMA one_answer CASCADE;
SELECT assert_gone();
