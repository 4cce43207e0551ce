-- jsonb_delta - edits jsonb documents in their stored form. The results are those of the equivalent core expressions,
-- byte for byte; numbers keep their digits; what changes nothing returns its argument.
\echo Use "CREATE EXTENSION jsonb_delta" to load this file. \quit

-- target || source, for objects only.
CREATE FUNCTION jsonb_merge_shallow(target jsonb, source jsonb) RETURNS jsonb
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_merge_shallow IS 'members of source replace those of target';

CREATE FUNCTION jsonb_smart_patch_scalar(target jsonb, source jsonb) RETURNS jsonb
AS 'MODULE_PATHNAME', 'jsonb_merge_shallow' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_smart_patch_scalar IS 'same as jsonb_merge_shallow';

-- Missing objects on the path are created.
CREATE FUNCTION jsonb_merge_at_path(target jsonb, source jsonb, path text[]) RETURNS jsonb
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_merge_at_path IS 'members of source replace those of the object at path in target';

CREATE FUNCTION jsonb_smart_patch_nested(target jsonb, source jsonb, path text[]) RETURNS jsonb
AS 'MODULE_PATHNAME', 'jsonb_merge_at_path' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_smart_patch_nested IS 'same as jsonb_merge_at_path';

CREATE FUNCTION jsonb_deep_merge(target jsonb, source jsonb) RETURNS jsonb
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_deep_merge IS 'merges objects at every depth; other values of source replace those of target';

-- Elements of arrays: array_path is one top-level key, taken literally; the first element that is an object whose
-- match_key equals match_value, as jsonb, is meant. No match, or no such array: target is returned unchanged.
CREATE FUNCTION jsonb_array_update_where(target jsonb, array_path text, match_key text, match_value jsonb, updates jsonb)
RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_array_update_where IS 'merges updates into the first array element that matches';

CREATE FUNCTION jsonb_smart_patch_array(target jsonb, source jsonb, array_path text, match_key text, match_value jsonb)
RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_smart_patch_array IS 'as jsonb_array_update_where, with its arguments in another order';

-- updates_array: [{"match_value": .., "updates": {..}}, ..]. All entries are matched against target as it is.
CREATE FUNCTION jsonb_array_update_where_batch(target jsonb, array_path text, match_key text, updates_array jsonb)
RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_array_update_where_batch IS 'merges updates into several array elements in one pass';

CREATE FUNCTION jsonb_array_update_multi_row(targets jsonb[], array_path text, match_key text, match_value jsonb,
                                             updates jsonb)
RETURNS TABLE(result jsonb) AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100;
COMMENT ON FUNCTION jsonb_array_update_multi_row IS 'jsonb_array_update_where for each of targets, in order';

CREATE FUNCTION jsonb_array_delete_where(target jsonb, array_path text, match_key text, match_value jsonb)
RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_array_delete_where IS 'removes the first array element that matches';

-- Not STRICT: a NULL sort_key appends, a NULL sort_order is ASC. The array must be in the order of
-- ORDER BY element -> sort_key [DESC]; the new element goes after its equals. A missing array is created.
CREATE FUNCTION jsonb_array_insert_where(target jsonb, array_path text, new_element jsonb, sort_key text, sort_order text)
RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_array_insert_where IS 'inserts an element into a sorted array, or appends it';

CREATE FUNCTION jsonb_array_contains_id(data jsonb, array_path text, id_key text, id_value jsonb) RETURNS boolean
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_array_contains_id IS 'does an array element match?';

CREATE FUNCTION jsonb_extract_id(data jsonb, key text DEFAULT 'id') RETURNS text
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_extract_id IS 'a member as text if it is a string or a number, otherwise NULL';

-- path: member names separated by dots, element numbers in brackets: a.b[0].c. What is missing is created.
CREATE FUNCTION jsonb_delta_set_path(target jsonb, path text, value jsonb) RETURNS jsonb
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_delta_set_path IS 'sets the value at a path, creating what is missing';

CREATE FUNCTION jsonb_delta_array_update_where_path(target jsonb, array_key text, match_key text, match_value jsonb,
                                                    update_path text, update_value jsonb)
RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION jsonb_delta_array_update_where_path IS
    'sets the value at a path inside the first array element that matches';
