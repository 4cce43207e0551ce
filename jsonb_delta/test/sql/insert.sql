-- jsonb_array_insert_where: appended, or at its place in the order of ORDER BY element -> key [DESC], after equals.
SELECT jsonb_array_insert_where('{"l": [{"id": 1}, {"id": 2}]}', 'l', '{"id": 0, "p": 1.50}', NULL, NULL);
SELECT jsonb_array_insert_where('{"l": [1, "a"]}', 'l', '12.50', NULL, 'ASC'), jsonb_array_insert_where('{"l": []}', 'l', '[]', NULL, NULL);
SELECT jsonb_array_insert_where('{"l": [{"k": 1}, {"k": 3}]}', 'l', '{"k": 2}', 'k', 'ASC');
SELECT jsonb_array_insert_where('{"l": [{"k": 3}, {"k": 1}]}', 'l', '{"k": 2}', 'k', 'desc');
SELECT jsonb_array_insert_where('{"l": [{"k": 1}, {"k": 3}]}', 'l', '{"k": 2}', 'k', NULL);
SELECT jsonb_array_insert_where('{"l": [{"n": "Charlie"}, {"n": "Alice"}]}', 'l', '{"n": "Bob"}', 'n', 'DESC');
-- after equals, numbers by value
SELECT jsonb_array_insert_where('{"l": [{"k": 1}, {"k": 2, "old": 1}, {"k": 3}]}', 'l', '{"k": 2.0, "new": 1}', 'k', 'ASC'),
       jsonb_array_insert_where('{"l": [{"k": 3}, {"k": 2, "old": 1}, {"k": 1}]}', 'l', '{"k": 2.0, "new": 1}', 'k', 'DESC');
-- a missing value is NULL to ORDER BY: last in ascending, first in descending order
SELECT jsonb_array_insert_where('{"l": [{"k": 1}, {"x": 1}]}', 'l', '{"k": 5}', 'k', 'ASC'),
       jsonb_array_insert_where('{"l": [{"k": 1}, {"x": 1}]}', 'l', '{"new": 5}', 'k', 'ASC'),
       jsonb_array_insert_where('{"l": [{"x": 1}, {"k": 1}]}', 'l', '{"k": 5}', 'k', 'DESC'),
       jsonb_array_insert_where('{"l": [{"x": 1}, {"k": 1}]}', 'l', '{"new": 5}', 'k', 'DESC');
SELECT jsonb_array_insert_where('{"l": [{"k": 1}]}', 'l', '"not an object"', 'k', 'ASC');
-- mixed kinds: the order of jsonb
SELECT jsonb_array_insert_where('{"l": [{"k": null}, {"k": "a"}, {"k": 2}, {"k": true}, {"k": [1]}, {"k": {}}]}', 'l', e, 'k', 'ASC')
FROM unnest(ARRAY['{"k": 1.5}', '{"k": "b"}', '{"k": false}', '{"k": [1, 2]}', '{"k": {"a": 1}}', '{"k": null, "new": 1}']::jsonb[])
    WITH ORDINALITY AS x (e, n) ORDER BY n;
-- a missing array is created
SELECT jsonb_array_insert_where('{"a": 1}', 'l', '{"k": 2}', 'k', 'ASC'), jsonb_array_insert_where('{}', 'l', '5', NULL, NULL);
-- not STRICT: the last two may be NULL
SELECT jsonb_array_insert_where(NULL, 'l', '1', NULL, NULL), jsonb_array_insert_where('{}', NULL, '1', NULL, NULL),
       jsonb_array_insert_where('{}', 'l', NULL, NULL, NULL);
SELECT jsonb_array_insert_where('{"l": 1}', 'l', '{}', 'k', 'ASC');
SELECT jsonb_array_insert_where('{"l": null}', 'l', '{}', NULL, NULL);
SELECT jsonb_array_insert_where('[1]', 'l', '{}', 'k', 'ASC');
SELECT jsonb_array_insert_where('1.0', 'l', '{}', 'k', 'ASC');
SELECT jsonb_array_insert_where('{"l": []}', 'l', '{}', 'k', 'upwards');
SELECT jsonb_array_insert_where('{"l": []}', 'l', '{}', '', 'ASC');
