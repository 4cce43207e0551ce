-- The functions, exactly as documented.
SELECT p.oid::regprocedure::text AS function, pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_result(p.oid) AS result, provolatile AS v, proisstrict AS strict, proparallel AS p
FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
WHERE extname = 'jsonb_delta' ORDER BY proname COLLATE "C";
-- Nothing else belongs to the extension.
SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
    AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'jsonb_delta');
-- It may live in any schema, and leaves nothing behind.
CREATE SCHEMA elsewhere;
ALTER EXTENSION jsonb_delta SET SCHEMA elsewhere;
SELECT elsewhere.jsonb_merge_shallow('{"a": 1}', '{"b": 2}');
DROP EXTENSION jsonb_delta;
SELECT count(*) FROM pg_proc WHERE proname LIKE 'jsonb\_delta%' OR proname LIKE 'jsonb\_smart%';
DROP SCHEMA elsewhere;
CREATE EXTENSION jsonb_delta;
