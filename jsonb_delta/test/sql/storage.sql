-- Byte equality with core around the strides of 32 entries, and every way a document may be stored.
CREATE FUNCTION same(a anyelement, b anyelement) RETURNS bool LANGUAGE sql IMMUTABLE AS
    $$ SELECT record_image_eq(ROW(a), ROW(b)) $$;
-- n members or elements, alternating strings, numbers, nulls, objects
CREATE FUNCTION item(i int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE i % 5 WHEN 0 THEN to_jsonb(repeat('s', i % 7)) WHEN 1 THEN to_jsonb((i * 1.10)::numeric(20, 2)) WHEN 2 THEN 'null'
       WHEN 3 THEN jsonb_build_object('i', i, 's', 'x') ELSE 'true' END $$;
CREATE FUNCTION object_of(n int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT coalesce(jsonb_object_agg('key' || i, item(i)), '{}') FROM generate_series(1, n) AS i $$;
CREATE FUNCTION array_of(n int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
    $$ SELECT coalesce(jsonb_agg(jsonb_build_object('id', i, 'v', item(i)) ORDER BY i), '[]') FROM generate_series(1, n) AS i $$;
CREATE TABLE sizes AS SELECT n, object_of(n) AS object, jsonb_build_object('a', 'xyz', 'l', array_of(n), 'zz', 1.0) AS doc
    FROM unnest(ARRAY[0, 1, 2, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 66, 97, 128]) AS n;

-- objects: every member replaced by a string, a number, an object, a boolean; a new member at every place
SELECT n, bool_and(same(jsonb_merge_shallow(object, s), object || s)) AS merge,
       bool_and(same(jsonb_delta_set_path(jsonb_build_object('o', object), 'o.' || k, v), jsonb_build_object('o', object || s))) AS set_path,
       bool_and(same(jsonb_deep_merge(jsonb_build_object('p', 7, 'o', object), jsonb_build_object('o', s)),
                     jsonb_build_object('p', 7, 'o', object || s))) AS deep
FROM sizes, LATERAL (SELECT prefix || i AS k, v, jsonb_build_object(prefix || i, v) AS s
    FROM generate_series(1, greatest(n, 1)) AS i, unnest(ARRAY['"a"', '12.50', '["b", {"a": 1}]', 'false']::jsonb[]) AS v,
         unnest(ARRAY['key', 'a', 'newkey']) AS prefix) AS x
GROUP BY n ORDER BY n;
-- arrays: every element updated, removed, set; a new one at every place
SELECT n, bool_and(same(jsonb_array_update_where(doc, 'l', 'id', to_jsonb(i), '{"v": "new", "w": 0.10}'),
                        jsonb_set(doc, p, (doc #> p) || '{"v": "new", "w": 0.10}'))) AS update,
       bool_and(same(jsonb_array_delete_where(doc, 'l', 'id', to_jsonb(i)), doc #- p)) AS delete,
       bool_and(same(jsonb_delta_set_path(doc, 'l[' || i - 1 || ']', '0.0'), jsonb_set(doc, p, '0.0'))) AS set_path,
       bool_and(same(jsonb_array_insert_where(doc, 'l', element, 'id', 'ASC'), jsonb_insert(doc, p, element, true))) AS insert,
       bool_and(same(jsonb_array_insert_where(doc, 'l', element, NULL, NULL), jsonb_insert(doc, '{l,-1}', element, true))) AS append
FROM sizes, LATERAL (SELECT i, ARRAY['l', (i - 1)::text] AS p, jsonb_build_object('id', i, 'new', 'y') AS element
    FROM generate_series(1, n) AS i) AS x
GROUP BY n ORDER BY n;
SELECT n, same(jsonb_array_update_where_batch(doc, 'l', 'id',
                   (SELECT jsonb_agg(jsonb_build_object('match_value', i, 'updates', jsonb_build_object('v', i || '.')))
                    FROM generate_series(1, n, 3) AS i)),
               doc || jsonb_build_object('l', (SELECT jsonb_agg(CASE WHEN i % 3 = 1 THEN e || jsonb_build_object('v', i || '.') ELSE e END ORDER BY i)
                                               FROM jsonb_array_elements(doc -> 'l') WITH ORDINALITY AS x (e, i)))) AS batch
FROM sizes WHERE n > 0 ORDER BY n;

-- stored: short header, inline, compressed, external, external and compressed
CREATE TABLE stored (kind text, doc jsonb);
ALTER TABLE stored ALTER doc SET STORAGE EXTERNAL;
INSERT INTO stored VALUES ('short', '{"l": [{"id": 1}], "t": "x"}'), ('inline', jsonb_build_object('l', array_of(20), 't', 'x')),
    ('external', jsonb_build_object('l', array_of(500), 't', 'x'));
ALTER TABLE stored ALTER doc SET STORAGE MAIN;
INSERT INTO stored VALUES ('compressed', jsonb_build_object('l', array_of(40), 't', repeat('x', 3000)));
ALTER TABLE stored ALTER doc SET STORAGE EXTENDED;
INSERT INTO stored VALUES ('external, compressed', jsonb_build_object('l', array_of(5000), 't', 'x'));
SELECT kind, same(jsonb_merge_shallow(doc, doc || '{"t": 5}'), doc || '{"t": 5}') AS merge,
       same(jsonb_array_delete_where(doc, 'l', 'id', '1'), doc #- '{l,0}') AS delete,
       same(jsonb_array_update_where(doc, 'l', 'id', doc #> '{l,0,id}', doc), jsonb_set(doc, '{l,0}', (doc #> '{l,0}') || doc)) AS nested,
       jsonb_extract_id(doc, 't') = doc ->> 't' AS extract,
       same(jsonb_deep_merge('1', doc), doc) AS source_wins
FROM stored;
SELECT kind, count(*), bool_and(same(result, doc || '{"t": "x"}' || jsonb_build_object('t', doc ->> 't'))) AS multi_row
FROM stored, jsonb_array_update_multi_row(ARRAY[doc, doc], 'l', 'id', '1', '{}') GROUP BY kind ORDER BY kind;
-- an edit without effect returns the stored datum: still compressed, still external
SELECT kind, pg_column_size(jsonb_merge_shallow(doc, '{}')) = pg_column_size(doc) AS merge_nothing,
       pg_column_size(jsonb_merge_shallow(doc, jsonb_build_object('t', doc -> 't'))) = pg_column_size(doc) AS merge_same,
       pg_column_size(jsonb_deep_merge(doc, jsonb_build_object('l', doc -> 'l'))) = pg_column_size(doc) AS deep,
       pg_column_size(jsonb_merge_at_path(doc, doc #> '{l,0}', '{l,0}')) = pg_column_size(doc) AS at_path,
       pg_column_size(jsonb_delta_set_path(doc, 'l[0].id', '1')) = pg_column_size(doc) AS set_path,
       pg_column_size(jsonb_array_update_where(doc, 'l', 'id', '-1', '{"v": 1}')) = pg_column_size(doc) AS no_match,
       pg_column_size(jsonb_array_update_where(doc, 'l', 'id', '1', '{"id": 1}')) = pg_column_size(doc) AS same_element,
       pg_column_size(jsonb_array_delete_where(doc, 'none', 'id', '1')) = pg_column_size(doc) AS no_array
FROM stored;
-- 1 and 1.0 are equal, but not the same: that is an edit
SELECT jsonb_delta_set_path('{"a": 1}', 'a', '1.0'), jsonb_array_update_where('{"l": [{"id": 1}]}', 'l', 'id', '1.0', '{"id": 1.00}');
-- in a parallel plan and in an index
CREATE TABLE indexed AS SELECT i, jsonb_build_object('id', i, 'l', array_of(3)) AS doc FROM generate_series(1, 100) AS i;
CREATE INDEX ON indexed (jsonb_extract_id(doc));
CREATE INDEX ON indexed (i) WHERE jsonb_array_contains_id(doc, 'l', 'id', '2');
SET enable_seqscan = off;
SELECT i FROM indexed WHERE jsonb_extract_id(doc) = '42';
RESET enable_seqscan;
DROP TABLE sizes, stored, indexed;
DROP FUNCTION same, item, object_of, array_of;
