-- jsonb_merge_shallow, jsonb_smart_patch_scalar
SELECT jsonb_merge_shallow('{"a": 1, "b": {"x": 1}}', '{"b": {"y": 2}, "c": [3]}');
SELECT jsonb_smart_patch_scalar('{"a": 1, "b": 2}', '{"b": 99, "c": 3}');
-- numbers keep their digits on both sides
SELECT jsonb_merge_shallow('{"p": 12.50, "n": 1234567890123456789012345678901234567890}',
                           '{"q": 0.10, "m": 0.0000000000000000000000000000000000000001}');
SELECT jsonb_merge_shallow('{"p": 12.5}', '{"p": 12.50}');
-- empty on either side, empty keys, keys of every length, null as a value
SELECT jsonb_merge_shallow('{}', '{}'), jsonb_merge_shallow('{}', '{"": 1}'), jsonb_merge_shallow('{"": 1}', '{}');
SELECT jsonb_merge_shallow('{"b": 1, "": 0, "aaa": 3}', '{"aa": 2, "a": null, "": {}}');
-- strings beside numbers: padding appears, moves and vanishes
SELECT jsonb_merge_shallow('{"a": "x", "b": 1, "c": "yy", "d": 2}', '{"a": 7, "c": 8, "d": "zzz"}');
SELECT jsonb_merge_shallow('{"ä": "ö€🐘", "b": 1}', '{"ä": "ü"}');
SELECT jsonb_merge_shallow(NULL, '{}'), jsonb_merge_shallow('{}', NULL);
SELECT jsonb_merge_shallow('[1]', '{}');
SELECT jsonb_merge_shallow('{}', '[1]');
SELECT jsonb_merge_shallow('"a"', '{}');
SELECT jsonb_merge_shallow('{}', 'null');
SELECT jsonb_smart_patch_scalar('true', '{}');

-- jsonb_deep_merge
SELECT jsonb_deep_merge('{"a": {"b": {"c": 1, "d": 2.0}, "k": []}, "x": 10}', '{"a": {"b": {"c": 99}}, "y": 20}');
SELECT jsonb_deep_merge('{"a": {"b": 1}}', '{"a": "replaced"}'), jsonb_deep_merge('{"a": 1}', '{"a": {"b": 1}}');
SELECT jsonb_deep_merge('{"a": [1, 2]}', '{"a": [3]}'), jsonb_deep_merge('{"a": {"b": 1}}', '{"a": {}}');
SELECT jsonb_deep_merge('{"a": 1}', '{"a": null}');
-- what is not an object is replaced, at the top as well
SELECT jsonb_deep_merge('{"a": 1}', '[1]'), jsonb_deep_merge('[1]', '{"a": 1}'), jsonb_deep_merge('1', '2.50');
SELECT jsonb_deep_merge(NULL, '{}'), jsonb_deep_merge('{}', NULL);

-- jsonb_merge_at_path, jsonb_smart_patch_nested
SELECT jsonb_merge_at_path('{"id": 1, "user": {"name": "A", "profile": {"age": 30}}}', '{"age": 31, "city": "X"}',
                           '{user,profile}');
SELECT jsonb_smart_patch_nested('{"user": {"company": {"name": "ACME", "city": "NYC"}}}', '{"name": "ACME Corp"}',
                                ARRAY['user', 'company']);
-- an empty path is the document; what is missing is created
SELECT jsonb_merge_at_path('{"a": 1}', '{"b": 2}', '{}'), jsonb_merge_at_path('{"a": 1}', '{"b": 2}', '{x,y}');
SELECT jsonb_merge_at_path('{"a": 1}', '{}', '{x}'), jsonb_merge_at_path('{"": {}}', '{"b": 2}', ARRAY['']);
-- as in core, a number leads to an element of an array that has it
SELECT jsonb_merge_at_path('{"a": [{"b": 1}, {"b": 2}]}', '{"c": 3}', '{a,1}'),
       jsonb_merge_at_path('{"a": [{"b": 1}, {"b": 2}]}', '{"c": 3}', '{a,-2}');
SELECT jsonb_merge_at_path(NULL, '{}', '{}'), jsonb_merge_at_path('{}', NULL, '{}'), jsonb_merge_at_path('{}', '{}', NULL);
SELECT jsonb_merge_at_path('{"a": [1]}', '{"c": 3}', '{a}');
SELECT jsonb_merge_at_path('{"a": [1]}', '{"c": 3}', '{a,0}');
SELECT jsonb_merge_at_path('{"a": [1]}', '{"c": 3}', '{a,1}');
SELECT jsonb_merge_at_path('{"a": [1]}', '{"c": 3}', '{a,x,y}');
SELECT jsonb_merge_at_path('{"a": {"b": "text"}}', '{"c": 3}', '{a,b}');
SELECT jsonb_merge_at_path('{"a": {"b": null}}', '{"c": 3}', '{a,b,c}');
SELECT jsonb_merge_at_path('5', '{"c": 3}', '{}');
SELECT jsonb_merge_at_path('5', '{"c": 3}', '{a}');
SELECT jsonb_merge_at_path('{}', '[]', '{a}');
SELECT jsonb_merge_at_path('{}', '{}', ARRAY['a', NULL]);
SELECT jsonb_merge_at_path('{}', '{}', ARRAY[['a'], ['b']]);
