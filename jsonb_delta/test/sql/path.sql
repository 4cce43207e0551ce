-- jsonb_delta_set_path
SELECT jsonb_delta_set_path('{"user": {"profile": {"name": "A"}}}', 'user.profile.name', '"Bob"');
SELECT jsonb_delta_set_path('{"orders": [{"items": [{"price": 10}]}]}', 'orders[0].items[0].price', '29.90');
SELECT jsonb_delta_set_path('[[1, 2], [3, 4]]', '[1][0]', '{"x": null}');
SELECT jsonb_delta_set_path('[1, {"a": 2}]', '[1].a', '12.50');
-- what is missing is created: objects for names, arrays padded with nulls for numbers
SELECT jsonb_delta_set_path('{}', 'a.b[2].c', '1'), jsonb_delta_set_path('{"a": [1]}', 'a[3]', '4'),
       jsonb_delta_set_path('[]', '[0]', '"first"');
SELECT jsonb_delta_set_path('{"a": {}}', 'a.b.c.d', '{}'), jsonb_delta_set_path('{}', 'x[1][1]', 'true');
SELECT jsonb_delta_set_path('{"a b": {"ä-1": 1}}', 'a b.ä-1', '2');
-- any kind of value replaces any kind of value at the path's end
SELECT jsonb_delta_set_path('{"a": {"b": 1}}', 'a', 'null'), jsonb_delta_set_path('{"a": 1}', 'a', '[1, {"b": 2}]');
SELECT jsonb_delta_set_path(NULL, 'a', '1'), jsonb_delta_set_path('{}', NULL, '1'), jsonb_delta_set_path('{}', 'a', NULL);
-- nothing on the way is replaced
SELECT jsonb_delta_set_path('{"a": {"b": 1}}', 'a.b.c', '2');
SELECT jsonb_delta_set_path('{"a": {"b": 1}}', 'a[0]', '2');
SELECT jsonb_delta_set_path('{"a": [1]}', 'a.b', '2');
SELECT jsonb_delta_set_path('{"a": [1]}', 'a[0][0]', '2');
SELECT jsonb_delta_set_path('{"a": null}', 'a.b', '2');
SELECT jsonb_delta_set_path('7', 'a', '2');
SELECT jsonb_delta_set_path('{}', '[0]', '2');
SELECT jsonb_delta_set_path('[]', 'a', '2');
-- paths that are none
SELECT jsonb_delta_set_path('{}', '', '1');
SELECT jsonb_delta_set_path('{}', 'a..b', '1');
SELECT jsonb_delta_set_path('{}', '.a', '1');
SELECT jsonb_delta_set_path('{}', 'a.', '1');
SELECT jsonb_delta_set_path('{}', 'a[]', '1');
SELECT jsonb_delta_set_path('{}', 'a[-1]', '1');
SELECT jsonb_delta_set_path('{}', 'a[x]', '1');
SELECT jsonb_delta_set_path('{}', 'a[1', '1');
SELECT jsonb_delta_set_path('{}', 'a]', '1');
SELECT jsonb_delta_set_path('{}', 'a[0]b', '1');
SELECT jsonb_delta_set_path('{}', 'a[0].[1]', '1');
SELECT jsonb_delta_set_path('{}', 'a[99999999999999999999]', '1');
-- a typing error must not fill the memory
SELECT jsonb_delta_set_path('{"a": [1, 2]}', 'a[200000000]', '1');
SELECT jsonb_array_length(jsonb_delta_set_path('{"a": [1, 2]}', 'a[100002]', '1') -> 'a');

-- jsonb_delta_array_update_where_path
SELECT jsonb_delta_array_update_where_path(
    '{"users": [{"id": 1, "profile": {"name": "A", "settings": {"theme": "light"}}}, {"id": 2, "profile": {"name": "B"}}]}',
    'users', 'id', '1', 'profile.settings.theme', '"dark"');
SELECT jsonb_delta_array_update_where_path(
    '{"companies": [{"id": 1, "departments": [{"name": "e", "employees": [{"name": "A", "salary": 50000}]}]}]}',
    'companies', 'id', '1', 'departments[0].employees[0].salary', '60000');
SELECT jsonb_delta_array_update_where_path('{"a": [{"id": "x"}]}', 'a', 'id', '"x"', 'b[1].c', '1.0');
-- no match, no array: unchanged; the path is checked all the same
SELECT jsonb_delta_array_update_where_path('{"a": [{"id": 1}]}', 'a', 'id', '2', 'b', '1'),
       jsonb_delta_array_update_where_path('{"a": [{"id": 1}]}', 'b', 'id', '1', 'b', '1');
SELECT jsonb_delta_array_update_where_path('{"a": []}', 'a', 'id', '2', 'b..c', '1');
SELECT jsonb_delta_array_update_where_path('{"a": [{"id": 1, "b": 5}]}', 'a', 'id', '1', 'b.c', '1');
SELECT jsonb_delta_array_update_where_path('{"a": [{"id": 1}]}', 'a', 'id', '1', '[0]', '1');
SELECT jsonb_delta_array_update_where_path('{"a": 5}', 'a', 'id', '1', 'b', '1');
SELECT jsonb_delta_array_update_where_path('{"a": []}', 'a', '', '1', 'b', '1');
SELECT jsonb_delta_array_update_where_path(NULL, 'a', 'b', '1', 'c', '1'),
       jsonb_delta_array_update_where_path('{}', NULL, 'b', '1', 'c', '1'),
       jsonb_delta_array_update_where_path('{}', 'a', NULL, '1', 'c', '1'),
       jsonb_delta_array_update_where_path('{}', 'a', 'b', NULL, 'c', '1'),
       jsonb_delta_array_update_where_path('{}', 'a', 'b', '1', NULL, '1'),
       jsonb_delta_array_update_where_path('{}', 'a', 'b', '1', 'c', NULL);
