-- types - columns of every kind, changes that look like none, and text that depends on settings.
\a \t
CREATE SCHEMA types;
SET search_path = types, public;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE point3 AS (x int, y int, label text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN tags AS text[] CHECK (cardinality(VALUE) < 5);
CREATE TABLE tb_thing (pk_thing int PRIMARY KEY, id uuid NOT NULL, m mood, p point3, ps point3[], d positive, t tags, r int4range, mr int4multirange,
    b bit(4), vb bit varying(8), j json, jb jsonb, n numeric, n2 numeric(6,2), f float8, c char(4), by bytea, ip inet, i interval, at timestamptz, da date, ti time,
    mo money, ts tsvector, bo boolean, bx box, nm name, twice int GENERATED ALWAYS AS (d * 2) STORED);
INSERT INTO tb_thing VALUES (1, uid(1), 'ok', (1, 2, 'p'), ARRAY[(1, 2, 'q')::point3], 5, '{a,b}', '[1,5)', '{[1,2),[5,6)}',
    '1010', '11', '{"b": 1,  "a": 2}', '{"b": 1}', 1.0, 1.5, 0.1, 'ab', '\xdead', '10.0.0.1/8', '1 day', '2024-03-10 12:00+00', '2024-03-10', '12:34',
    1.5, 'a b', true, '(1,1),(0,0)', 'nm');
INSERT INTO tb_thing (pk_thing, id) VALUES (2, uid(2));
CREATE TABLE tv_plain AS SELECT t.*, '{}'::jsonb AS data FROM tb_thing t;
CREATE TABLE tv_json AS SELECT pk_thing, id, to_jsonb(th) - 'mo' AS data FROM tb_thing th;
CREATE TABLE tv_parts AS SELECT pk_thing, id, jsonb_build_object('x', (p).x, 'label', (ps[1]).label, 'lower', lower(r), 'mood', m > 'sad', 'twice', twice, 'contains', r @> d::int) AS data FROM tb_thing;
CREATE TABLE tv_text AS SELECT pk_thing, id, jsonb_build_object('at', at, 'text', at::text, 'da', da::text, 'i', i::text, 'f', f::text, 'by', by::text, 'n', n::text, 'concat', concat(at, '|', da)) AS data FROM tb_thing;
SELECT data FROM tv_json ORDER BY pk_thing;
SELECT data FROM tv_parts ORDER BY pk_thing;
SELECT assert_exact();
-- Changes that compare equal and are none the less changes.
UPDATE tb_thing SET n = 1.00, n2 = 1.50 WHERE pk_thing = 1;
SELECT j.data->'n', p.n FROM tv_json j JOIN tv_plain p USING (pk_thing) WHERE pk_thing = 1;
UPDATE tb_thing SET j = '{"a": 2, "b": 1}' WHERE pk_thing = 1;
SELECT j FROM tv_plain WHERE pk_thing = 1;
UPDATE tb_thing SET f = -0.0 WHERE pk_thing = 1;
UPDATE tb_thing SET f = 0.0 WHERE pk_thing = 1;
SELECT f FROM tv_plain WHERE pk_thing = 1;
UPDATE tb_thing SET i = '24 hours' WHERE pk_thing = 1;
SELECT i = interval '1 day', i FROM tv_plain WHERE pk_thing = 1;
UPDATE tb_thing SET c = 'ab  ', ip = '10.0.0.1/16' WHERE pk_thing = 1;
UPDATE tb_thing SET at = '2024-03-10 13:00+01' WHERE pk_thing = 1;
SELECT assert_exact();
-- Every column once.
UPDATE tb_thing SET m = 'happy' WHERE pk_thing = 2;
UPDATE tb_thing SET p.y = 7 WHERE pk_thing = 1;
UPDATE tb_thing SET ps[1].label = 'new', ps[2] = (3, 4, NULL) WHERE pk_thing = 1;
UPDATE tb_thing SET d = 6, t[1] = 'z' WHERE pk_thing = 1;
UPDATE tb_thing SET r = 'empty', mr = '{}' WHERE pk_thing = 1;
UPDATE tb_thing SET b = b'0000', vb = b'1' WHERE pk_thing = 1;
UPDATE tb_thing SET jb = jb || '{"c": [1, {"d": null}]}' WHERE pk_thing = 1;
UPDATE tb_thing SET n = 'NaN', f = 'Infinity' WHERE pk_thing = 1;
UPDATE tb_thing SET by = '', ts = 'c:1A', bo = NULL, bx = '(2,2),(0,0)', mo = 2, nm = 'other', da = '0044-03-15 BC', ti = NULL WHERE pk_thing = 1;
SELECT assert_exact();
SELECT data FROM tv_parts ORDER BY pk_thing;
UPDATE tb_thing SET n = 1e-10, f = 1e-10, jb = to_jsonb(repeat('long ', 2000)) WHERE pk_thing = 2;
SELECT assert_exact();
UPDATE tb_thing SET jb = to_jsonb(repeat('long ', 1999) || 'LONG ') WHERE pk_thing = 2;
SELECT assert_exact();
SELECT error_of('UPDATE tb_thing SET d = -1');
ALTER TYPE mood ADD VALUE 'elated';
UPDATE tb_thing SET m = 'elated' WHERE pk_thing = 2;
SELECT assert_exact();
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;

-- Text made from dates, numbers and bytes is made with the settings of the creator, whoever writes.
UPDATE tb_thing SET f = 0.1, by = '\x01', da = '2024-02-01', i = '1 day 02:00', at = '2024-03-10 12:00+00' WHERE pk_thing = 1;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, DMY';
SET IntervalStyle = 'postgres';
SET bytea_output = 'hex';
SET extra_float_digits = 1;
CREATE TABLE tv_text AS SELECT pk_thing, id, jsonb_build_object('at', at, 'text', at::text, 'da', da::text, 'i', i::text, 'f', f::text, 'by', by::text,
    'concat', concat(at, '|', da), 'trunc', date_trunc('day', at), 'from_text', ('03/02/2024'::text)::date) AS data FROM tb_thing;
SELECT data FROM tv_text WHERE pk_thing = 1;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German, MDY';
SET IntervalStyle = 'iso_8601';
SET bytea_output = 'escape';
SET extra_float_digits = -3;
UPDATE tb_thing SET da = '2024-02-02' WHERE pk_thing = 1;
SELECT data FROM tv_text WHERE pk_thing = 1;
UPDATE tb_thing SET f = 0.1::float8 + 0.2::float8, by = '\xff', i = '3 days', at = at + interval '1 hour';
SELECT data FROM tv_text WHERE pk_thing = 1;
SELECT current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'), current_setting('bytea_output');
SELECT entity, missing, extra, different FROM pg_tviews_verify() ORDER BY entity;
SELECT pg_tviews_refresh('text');
RESET TimeZone;
RESET DateStyle;
RESET IntervalStyle;
RESET bytea_output;
RESET extra_float_digits;
SELECT entity, missing, extra, different FROM pg_tviews_verify() ORDER BY entity;
DROP TABLE tv_text;

-- Generated columns: stored, and virtual where the server has them.
SELECT current_setting('server_version_num')::int >= 180000 AS pg18 \gset
\if :pg18
    \set kind VIRTUAL
\else
    \set kind STORED
\endif
CREATE TABLE tb_area (pk_area int PRIMARY KEY, id uuid NOT NULL, w int, h int, area int GENERATED ALWAYS AS (w * h) :kind, unused int);
INSERT INTO tb_area VALUES (1, uid(1), 2, 3);
CREATE TABLE tv_area AS SELECT pk_area, id, jsonb_build_object('area', area) AS data FROM tb_area WHERE area > 0;
UPDATE tb_area SET w = 5;
SELECT data FROM tv_area;
UPDATE tb_area SET h = -1;
SELECT assert_exact();
UPDATE tb_area SET w = -1;
SELECT data FROM tv_area;
-- A generated column, a default and an identity column of one's own on a TVIEW.
ALTER TABLE tv_area ADD COLUMN area int GENERATED ALWAYS AS ((data->>'area')::int) STORED, ADD COLUMN note text DEFAULT 'n', ADD COLUMN serial int GENERATED ALWAYS AS IDENTITY;
INSERT INTO tb_area VALUES (2, uid(2), 4, 4);
UPDATE tb_area SET w = -2 WHERE pk_area = 1;
SELECT pk_area, data, area, note, serial FROM tv_area ORDER BY pk_area;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA types CASCADE;
SELECT assert_gone();
