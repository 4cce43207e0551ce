-- Functions on the elements of an array: update, batch, many documents, delete, contains; jsonb_extract_id.
\set doc '{"v": 12.50, "list": [{"id": 1, "n": "a"}, {"id": 2, "n": "b", "p": 1.10}, 7, {"n": "no id"}, {"id": "2"}, {"id": 2}]}'
SELECT jsonb_array_update_where(:'doc', 'list', 'id', '2', '{"n": "B", "q": 0.50}');
SELECT jsonb_smart_patch_array(:'doc', '{"n": "B", "q": 0.50}', 'list', 'id', '2');
SELECT jsonb_array_delete_where(:'doc', 'list', 'id', '2');
-- equality is that of jsonb: 2 = 2.00, but not "2"; the first match counts
SELECT jsonb_array_update_where(:'doc', 'list', 'id', '2.00', '{"hit": 1}') -> 'list' -> 1,
       jsonb_array_update_where(:'doc', 'list', 'id', '"2"', '{"hit": 1}') -> 'list' -> 4;
-- other ids: numbers with many decimals, negative, zero, strings, booleans, null, containers
SELECT id, jsonb_array_delete_where('{"l": [{"k": -0.0}, {"k": 1e3}, {"k": -5.0}, {"k": true}, {"k": null}, {"k": ""},
    {"k": [1, 2.0]}, {"k": {"a": 1}}, {"k": 1234567890123456789012345678901234567890.5}]}', 'l', 'k', id) -> 'l'
FROM unnest(ARRAY['0', '1000.000', '-5', 'true', 'false', 'null', '""', '[1.00, 2]', '[1]', '{"a": 1.0}',
    '1234567890123456789012345678901234567890.50', '1234567890123456789012345678901234567890.51', '5',
    '0.0000000000000000000000000000000000000000000000000000000000000000000000']::jsonb[])
    WITH ORDINALITY AS x (id, n) ORDER BY n;
-- a number whose decimals make PostgreSQL store it in the long form equals the short one
SELECT jsonb_array_contains_id('{"l": [{"id": 42}]}', 'l', 'id', ('42.' || repeat('0', 80))::jsonb);
-- elements whose keys have the same lengths need not have the same keys; those with many keys and short ids
SELECT jsonb_array_delete_where('{"l": [{"ie": 7, "name": 1}, {"ic": 7, "name": 2}, {"id": 6, "name": 3}, {"ie": 7, "name": 4},
    {"id": 7, "name": 5}, {"id": 7, "name": 6}]}', 'l', 'id', '7') -> 'l';
SELECT jsonb_array_delete_where('{"l": [{"id": 1, "ie": 7}, {"ic": 7, "id": 2}, {"id": 3, "ie": 7}, {"ic": 1, "id": 7}, {"id": 7, "ie": 1}]}',
    'l', 'id', '7') -> 'l';
SELECT jsonb_array_delete_where('{"l": [{"id": "order-item-1"}, {}, {"id": "order-item-22"}, {"id": "order-item-2"}, {"id": 2}]}',
    'l', 'id', '"order-item-2"') -> 'l';
SELECT jsonb_array_contains_id(doc, 'l', 'id', '12345.00'), jsonb_array_contains_id(doc, 'l', 'id', '-12345'),
    jsonb_array_contains_id(doc, 'l', 'id', '12346'), jsonb_array_contains_id(doc, 'l', 'id', ('12345.' || repeat('0', 80))::jsonb)
FROM (SELECT jsonb_build_object('l', jsonb_agg(jsonb_build_object('id', i, 'a1', 1, 'a2', 2, 'a30', 3, 'a40', 4) ORDER BY i))
      FROM generate_series(12340, 12345) AS i) AS x (doc);
SELECT bool_and(jsonb_array_contains_id(doc, 'l', 'id', to_jsonb(i)) = (i BETWEEN 9990 AND 10010)) FROM generate_series(9980, 10020) AS i,
    (SELECT jsonb_build_object('l', jsonb_agg(many || jsonb_build_object('id', n) ORDER BY n)) FROM generate_series(9990, 10010) AS n,
         (SELECT jsonb_object_agg('key ' || k, k) FROM generate_series(1, 40) AS k) AS m (many)) AS x (doc);
-- no match, no such array, an empty array: unchanged
SELECT jsonb_array_update_where(:'doc', 'list', 'id', '3', '{"n": 1}') = :'doc'::jsonb,
       jsonb_array_update_where(:'doc', 'other', 'id', '2', '{"n": 1}') = :'doc'::jsonb,
       jsonb_array_delete_where(:'doc', 'list', 'nothing', '2') = :'doc'::jsonb,
       jsonb_array_delete_where('{"list": []}', 'list', 'id', '2');
-- the path is one literal key
SELECT jsonb_array_delete_where('{"a.b": [{"id": 1}], "": [{"id": 1}]}', 'a.b', 'id', '1'),
       jsonb_array_delete_where('{"a.b": [{"id": 1}], "": [{"id": 1}]}', '', 'id', '1');
SELECT jsonb_array_contains_id(:'doc', 'list', 'id', '2'), jsonb_array_contains_id(:'doc', 'list', 'id', '9'),
       jsonb_array_contains_id(:'doc', 'none', 'id', '2'), jsonb_array_contains_id('{"list": []}', 'list', 'id', '2');
-- updates that change the key itself
SELECT jsonb_array_update_where('{"l": [{"id": 1}, {"id": 2}]}', 'l', 'id', '1', '{"id": 2}');

-- batch: any id type, several at once, all matched against the original; one element may be meant twice
SELECT jsonb_array_update_where_batch(:'doc', 'list', 'id', '[{"match_value": 2.0, "updates": {"n": "two"}},
    {"match_value": "2", "updates": {"n": "text"}}, {"match_value": 77, "updates": {"n": "none"}},
    {"updates": {"m": 3.30}, "match_value": 2, "ignored": true}]');
SELECT jsonb_array_update_where_batch('{"l": [{"id": 1}, {"id": 2}]}', 'l', 'id',
    '[{"match_value": 1, "updates": {"id": 2}}, {"match_value": 2, "updates": {"id": 3}}]');
SELECT jsonb_array_update_where_batch(:'doc', 'list', 'id', '[]') = :'doc'::jsonb,
       jsonb_array_update_where_batch(:'doc', 'none', 'id', '[{"match_value": 2, "updates": {"n": 1}}]') = :'doc'::jsonb;
SELECT jsonb_array_update_where_batch(:'doc', 'list', 'id', '{"match_value": 2, "updates": {}}');
SELECT jsonb_array_update_where_batch(:'doc', 'list', 'id', '[1]');
SELECT jsonb_array_update_where_batch(:'doc', 'list', 'id', '[{"match_value": 1, "updates": {}}, {"updates": {}}]');
SELECT jsonb_array_update_where_batch(:'doc', 'list', 'id', '[{"match_value": 1}]');
SELECT jsonb_array_update_where_batch(:'doc', 'list', 'id', '[{"match_value": 1, "updates": [1]}]');
SELECT jsonb_array_update_where_batch(:'doc', 'list', '', '[]');
SELECT jsonb_array_update_where_batch('{"list": {}}', 'list', 'id', '[]');

-- many documents: one row each, in order, NULL for NULL
SELECT result FROM jsonb_array_update_multi_row(
    ARRAY['{"l": [{"id": 1}]}', NULL, '{"l": [{"id": 2}, {"id": 1, "v": 1.0}]}', '{}']::jsonb[], 'l', 'id', '1', '{"v": 2.0}');
SELECT count(*) FROM jsonb_array_update_multi_row('{}', 'l', 'id', '1', '{"v": 2}');
SELECT count(*) FROM jsonb_array_update_multi_row(NULL, 'l', 'id', '1', '{"v": 2}');
SELECT count(result) FROM (SELECT array_agg(jsonb_build_object('l', jsonb_build_array(jsonb_build_object('id', i)))) AS docs
    FROM generate_series(1, 1000) AS i) AS d, jsonb_array_update_multi_row(docs, 'l', 'id', '1', '{"v": 2}');
SELECT result FROM jsonb_array_update_multi_row(ARRAY['{"l": 1}']::jsonb[], 'l', 'id', '1', '{"v": 2}');
SELECT result FROM jsonb_array_update_multi_row(ARRAY['{"l": []}']::jsonb[], 'l', 'id', '1', '[]');
SELECT result FROM jsonb_array_update_multi_row(ARRAY['{"l": []}']::jsonb[], 'l', '', '1', '{}');

-- errors name what is needed and what was found
SELECT jsonb_array_update_where('[1]', 'list', 'id', '2', '{}');
SELECT jsonb_array_update_where('"x"', 'list', 'id', '2', '{}');
SELECT jsonb_array_update_where('{"list": {"a": 1}}', 'list', 'id', '2', '{}');
SELECT jsonb_array_update_where(:'doc', 'v', 'id', '2', '{}');
SELECT jsonb_array_update_where(:'doc', 'list', 'id', '2', '5');
SELECT jsonb_array_update_where(:'doc', 'list', 'id', '99', 'null');
SELECT jsonb_array_update_where(:'doc', 'list', '', '2', '{}');
SELECT jsonb_smart_patch_array(:'doc', '[]', 'list', 'id', '2');
SELECT jsonb_smart_patch_array('{"list": null}', '{}', 'list', 'id', '2');
SELECT jsonb_array_delete_where('true', 'list', 'id', '2');
SELECT jsonb_array_delete_where('{"list": "text"}', 'list', 'id', '2');
SELECT jsonb_array_delete_where(:'doc', 'list', '', '2');
SELECT jsonb_array_contains_id('[]', 'list', 'id', '2');
SELECT jsonb_array_contains_id(:'doc', 'v', 'id', '2');
SELECT jsonb_array_contains_id(:'doc', 'list', '', '2');

-- STRICT
SELECT jsonb_array_update_where(NULL, 'l', 'id', '1', '{}'), jsonb_array_update_where('{}', NULL, 'id', '1', '{}'),
       jsonb_array_update_where('{}', 'l', NULL, '1', '{}'), jsonb_array_update_where('{}', 'l', 'id', NULL, '{}'),
       jsonb_array_update_where('{}', 'l', 'id', '1', NULL), jsonb_smart_patch_array('{}', NULL, 'l', 'id', '1'),
       jsonb_array_update_where_batch(NULL, 'l', 'id', '[]'), jsonb_array_update_where_batch('{}', 'l', 'id', NULL),
       jsonb_array_delete_where(NULL, 'l', 'id', '1'), jsonb_array_delete_where('{}', 'l', 'id', NULL),
       jsonb_array_contains_id(NULL, 'l', 'id', '1'), jsonb_array_contains_id('{}', 'l', 'id', NULL);

-- jsonb_extract_id: strings and numbers only
SELECT jsonb_extract_id('{"id": 42}'), jsonb_extract_id('{"id": 42.50}'), jsonb_extract_id('{"id": "a\"b"}'),
       jsonb_extract_id('{"uuid": "550e8400-e29b-41d4-a716-446655440000"}', 'uuid'),
       jsonb_extract_id('{"id": 1234567890123456789012345678901234567890}');
SELECT jsonb_extract_id('{"id": true}'), jsonb_extract_id('{"id": null}'), jsonb_extract_id('{"id": {}}'),
       jsonb_extract_id('{"id": [1]}'), jsonb_extract_id('{}'), jsonb_extract_id('["id"]'), jsonb_extract_id('"id"'),
       jsonb_extract_id(NULL), jsonb_extract_id('{"id": 1}', NULL), jsonb_extract_id('{"": 1}', '');
