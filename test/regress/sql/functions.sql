-- functions - set-returning functions in FROM and in the SELECT list, table functions, row functions, CASE.
\a \t
CREATE SCHEMA functions;
SET search_path = functions, public;
CREATE TABLE tb_doc (pk_doc int PRIMARY KEY, id uuid NOT NULL, tags text[], body jsonb, size int, title text);
CREATE TABLE tb_tag (tag text PRIMARY KEY, label text);
INSERT INTO tb_doc VALUES (1, uid(1), '{a,b}', '{"x": [1, 2], "y": {"k": "v"}}', 2, 'One'), (2, uid(2), '{b,c,b}', '{"x": []}', 0, 'Two'), (3, uid(3), NULL, NULL, 3, 'Three');
INSERT INTO tb_tag VALUES ('a', 'A'), ('b', 'B');
CREATE TABLE tv_unnest AS
SELECT d.pk_doc, d.id, jsonb_agg(jsonb_build_object('tag', t.tag, 'label', l.label) ORDER BY t.n) AS data
  FROM tb_doc d CROSS JOIN unnest(d.tags) WITH ORDINALITY t (tag, n) LEFT JOIN tb_tag l ON l.tag = t.tag GROUP BY d.pk_doc;
SELECT pg_tviews_create('doc_tag', 'SELECT d.pk_doc, t.n, t.tag, l.label FROM tb_doc d, unnest(d.tags) WITH ORDINALITY t (tag, n) LEFT JOIN tb_tag l USING (tag)', key_columns => '{pk_doc,n}');
SELECT pg_tviews_create('series', 'SELECT d.pk_doc, s AS n, d.title FROM tb_doc d, generate_series(1, d.size) s', key_columns => '{pk_doc,n}');
SELECT pg_tviews_create('rows_from', 'SELECT d.pk_doc, r.n, r.a, r.b FROM tb_doc d, ROWS FROM (unnest(d.tags), generate_series(1, d.size)) WITH ORDINALITY r (a, b, n)', key_columns => '{pk_doc,n}');
SELECT pg_tviews_create('in_list', 'SELECT pk_doc, generate_series(1, size) AS n, unnest(tags) AS tag FROM tb_doc', key_columns => '{pk_doc,n}');
SELECT pg_tviews_create('per_tag', 'SELECT t AS tag, count(*) AS n, jsonb_agg(d.pk_doc ORDER BY d.pk_doc) AS docs FROM tb_doc d, unnest(d.tags) t GROUP BY t', key_columns => '{tag}');
CREATE TABLE tv_json AS
SELECT d.pk_doc, d.id, jsonb_build_object('keys', (SELECT jsonb_agg(k ORDER BY k) FROM jsonb_object_keys(d.body) k),
           'sum', (SELECT sum(e::int) FROM jsonb_array_elements_text(d.body->'x') e),
           'pairs', (SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(d.body) e),
           'record', (SELECT to_jsonb(r) FROM jsonb_to_record(d.body) AS r (y jsonb, z int)),
           'path', jsonb_path_query_array(d.body, '$.x[*] ? (@ > 1)')) AS data FROM tb_doc d;
CREATE TABLE tv_whole AS SELECT d.pk_doc, d.id, to_jsonb(d) || jsonb_build_object('row', row_to_json(d), 'text', d::text) AS data FROM tb_doc d;
CREATE TABLE tv_case AS
SELECT pk_doc, id, jsonb_build_object('size', CASE WHEN size IS NULL THEN 'none' WHEN size < 2 THEN 'small' ELSE 'big' END,
           'simple', CASE size WHEN 0 THEN 'zero' END, 'first', tags[1], 'slice', tags[2:], 'least', least(size, 2), 'nullif', nullif(title, 'Two'),
           'has', 'a' = ANY (tags), 'cat', tags || '{z}', 'like', title LIKE 'T%', 'between', size BETWEEN 1 AND 2, 'is', size IS DISTINCT FROM 2) AS data FROM tb_doc;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_doc, data FROM tv_unnest ORDER BY pk_doc;
SELECT pk_doc, data FROM tv_json ORDER BY pk_doc;
SELECT * FROM tv_rows_from ORDER BY pk_doc, n;
SELECT assert_exact();
UPDATE tb_doc SET tags = '{c,a}' WHERE pk_doc = 1;
SELECT assert_exact();
INSERT INTO tb_tag VALUES ('c', 'C');
SELECT assert_exact();
UPDATE tb_tag SET label = 'bee' WHERE tag = 'b';
SELECT assert_exact();
UPDATE tb_tag SET tag = 'd' WHERE tag = 'a';
SELECT assert_exact();
UPDATE tb_doc SET tags = array_append(tags, 'd'), size = size + 1;
SELECT assert_exact();
UPDATE tb_doc SET body = '{"x": [5, 6, 7], "z": 4}' WHERE pk_doc > 1;
SELECT assert_exact();
UPDATE tb_doc SET title = 'Drei' WHERE pk_doc = 3;
SELECT assert_exact();
UPDATE tb_doc SET size = NULL, tags = '{}' WHERE pk_doc = 2;
SELECT assert_exact();
INSERT INTO tb_doc VALUES (4, uid(4), '{x,NULL}', '{}', 1, NULL); -- a key that is NULL in one row
SELECT assert_exact();
DELETE FROM tb_doc WHERE pk_doc = 1;
SELECT assert_exact();
DELETE FROM tb_tag;
SELECT assert_exact();
SELECT * FROM tv_doc_tag ORDER BY pk_doc, n;
SELECT count(pg_tviews_drop(entity)) FROM pg_tview_meta;

-- A user-defined set-returning function; a function that the definition depends on.
CREATE FUNCTION letters(text) RETURNS SETOF text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN QUERY SELECT * FROM unnest(string_to_array($1, NULL)); END $$;
SELECT pg_tviews_create('letter', 'SELECT d.pk_doc, l.n, l.letter FROM tb_doc d, letters(d.title) WITH ORDINALITY l (letter, n)', key_columns => '{pk_doc,n}');
UPDATE tb_doc SET title = 'abc' WHERE pk_doc = 2;
SELECT * FROM tv_letter WHERE pk_doc = 2 ORDER BY n;
SELECT assert_exact();
SELECT error_of('DROP FUNCTION letters(text)');
SET client_min_messages = warning;
DROP SCHEMA functions CASCADE;
SELECT assert_gone();
