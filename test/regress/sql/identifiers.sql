-- identifiers - quoted, capital, long, reserved and non-ASCII names; comments and literals of all kinds in the SELECT.
\encoding UTF8
\a \t
CREATE SCHEMA "Sch€ma; DROP ""x""";
SET search_path = "Sch€ma; DROP ""x""", public;
CREATE TABLE "tb Größe" ("pk_Größe" int PRIMARY KEY, id uuid NOT NULL, "select" text, "a""b" int, "Ünï" text, "order" int, "$1" text);
CREATE TABLE "from" ("where" int PRIMARY KEY, "user" text, "t.x" text);
INSERT INTO "from" VALUES (1, 'u1', 'tx1'), (2, 'u2', 'tx2');
INSERT INTO "tb Größe" SELECT n, uid(n), 's' || n, n, 'ü' || n, 1 + n % 2, 'd' FROM generate_series(1, 3) n;
CREATE TABLE "tv_Größe" AS
SELECT g."pk_Größe", g.id, g."a""b" AS "fk_a""b", jsonb_build_object('select', "select", 'Ünï', g."Ünï", 'user', f."user", '$1', g."$1", 'tx', f."t.x") AS data, g."order" AS "group"
  FROM "tb Größe" AS g JOIN "from" AS f ON f."where" = g."order" WHERE g."a""b" > 0;
SELECT entity, table_oid, view_oid, fk_columns, key_columns FROM pg_tview_meta;
SELECT "pk_Größe", data FROM "tv_Größe" ORDER BY 1;
UPDATE "from" SET "user" = 'ü' WHERE "where" = 1;
UPDATE "tb Größe" SET "Ünï" = 'Ï', "a""b" = 5 WHERE "pk_Größe" = 3;
INSERT INTO "tb Größe" VALUES (4, uid(4), NULL, 1, NULL, 2);
SELECT assert_exact();
SELECT "pk_Größe", data FROM "tv_Größe" ORDER BY 1;
SELECT missing, extra, different FROM pg_tviews_verify('"Größe"');
SELECT pg_tviews_refresh('"tv_Größe"');
SELECT pg_tviews_refresh('"Sch€ma; DROP ""x"""."tv_Größe"');
SELECT pg_tviews_refresh('tv_Größe'); -- folded to tv_größe, as everywhere
SELECT pg_tviews_drop('"Größe"');
-- 63 bytes are the limit; names of what is made for a TVIEW stay apart.
SELECT repeat('n', 60) AS long, repeat('n', 59) || 'x' AS longer \gset
SELECT format('CREATE TABLE tv_%s AS SELECT "pk_Größe" AS pk_%s, id, to_jsonb("select") AS data, 1 AS fk_%s FROM "tb Größe"', :'long', :'long', :'long') \gexec
SELECT format('CREATE TABLE tv_%s AS SELECT "pk_Größe" AS pk_%s, id, to_jsonb("select") AS data, 1 AS fk_%s FROM "tb Größe"', :'longer', :'longer', :'longer') \gexec
UPDATE "tb Größe" SET "select" = 'long';
SELECT assert_exact();
SELECT count(*) FROM pg_index WHERE indrelid IN (SELECT table_oid FROM pg_tview_meta);
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;
-- A multi-byte name at the limit; 61 bytes are one too many.
SELECT pg_tviews_create(repeat('é', 30), 'SELECT "pk_Größe" AS k FROM "tb Größe"', key_columns => '{k}') LIKE '%."tv_ééé%';
UPDATE "tb Größe" SET "pk_Größe" = 40 WHERE "pk_Größe" = 4;
SELECT assert_exact();
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;
SELECT error_of($$SELECT pg_tviews_create(repeat('é', 31), 'SELECT "pk_Größe" AS k FROM "tb Größe"', key_columns => '{k}')$$);
-- Comments and literals.
CREATE TABLE /* tv_wrong AS */ tv_literal -- as select
AS /* nested /* comment */ -- */
SELECT "pk_Größe" AS pk_literal, -- a comment; with a semicolon
       id, /* FROM tb_other */
       jsonb_build_object('it''s', 'FROM tb_x WHERE', E'tab\t\'q\' \\', $$dollar 'quoted' -- no comment$$, $t$ $$nested$$ $t$, U&'\00fc\+01F600',
                          'b', B'101', 'x', X'1F', 'n', 1.5e3, 'str'
                          'ing' , 'cast'::text, 'select "select" from "from"', "select", '/* text */', '--', ';', ';'
       ) AS data
  FROM "tb Größe" /* end */ -- of it
;
SELECT data FROM tv_literal WHERE pk_literal = 1;
UPDATE "tb Größe" SET "select" = $$it's $1 \ "quoted" /* -- */ ;$$ WHERE "pk_Größe" = 1;
SELECT data->'select "select" from "from"' FROM tv_literal WHERE pk_literal = 1;
SELECT assert_exact();
DROP TABLE tv_literal;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
CREATE TABLE tv_literal AS SELECT "pk_Größe" AS pk_literal, id, jsonb_build_object('a\'b', 'c\\d', E'e\nf', "select") AS data FROM "tb Größe";
SET standard_conforming_strings = on;
UPDATE "tb Größe" SET "select" = 'backslash' WHERE "pk_Größe" = 1;
SELECT data FROM tv_literal WHERE pk_literal = 1;
SELECT assert_exact();
DROP TABLE tv_literal;
-- Columns named like parts of the engine's own queries; a table named like a keyword; names that differ only in case.
CREATE TABLE "tb_Item" (k int PRIMARY KEY, v text, t text, r text, "key" text, data text, "K" int);
CREATE TABLE "tb_item" (k int PRIMARY KEY, v text);
INSERT INTO "tb_Item" VALUES (1, 'v', 't', 'r', 'key', 'data', 1), (2, 'v', 't', 'r', 'key', 'data', 2);
INSERT INTO tb_item VALUES (1, 'one'), (2, 'two');
SELECT pg_tviews_create('item', 'SELECT "K" AS k, t.v, t.t, t.r, "key", data, v.v AS "V", 1 AS "?present", 2 AS "?column?" FROM "tb_Item" t JOIN tb_item v ON v.k = t."K"', key_columns => '{k}');
UPDATE tb_item SET v = 'uno' WHERE k = 1;
UPDATE "tb_Item" SET r = 'R', "K" = 3 - "K";
SELECT * FROM tv_item ORDER BY k;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA "Sch€ma; DROP ""x""" CASCADE;
SELECT assert_gone();
