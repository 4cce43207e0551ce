-- jsonb_delta.sql - the functions of jsonb_delta against the core expressions with the same result.
--
--   ./dev run psql -Xq -f bench/jsonb_delta.sql        [-v rounds=9] [-v factor=1]
--
-- First table, function level: the document is in memory and not compressed, every result is consumed (pg_column_size)
-- and nothing can be folded, because the new values come from a table. Each round runs both sides in alternating order,
-- jsonb_delta with ten times as many calls; medians of the rounds and of their ratios are shown. "copy" is the floor: a
-- plain copy of the document. The backend is warm; in a fresh one core's functions are slower still (glibc gives freed
-- memory back until its thresholds have adapted).
-- Second table, end to end: an UPDATE of stored rows, where decompressing, compressing and WAL bound the gain.
\set ON_ERROR_STOP on
\if :{?rounds} \else \set rounds 9 \endif
\if :{?factor} \else \set factor 1 \endif
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS jsonb_delta;
DROP SCHEMA IF EXISTS bench_delta CASCADE;
CREATE SCHEMA bench_delta;
SET search_path = bench_delta, public;
SET jit = off;
SET max_parallel_workers_per_gather = 0;

-- A document like a TVIEW's: some scalars, an embedded object, an array of n objects of about 120 bytes.
CREATE FUNCTION document(n int) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('id', 4711, 'title', 'A title of usual length', 'price', 12.50, 'active', true,
        'author', jsonb_build_object('id', 17, 'name', 'Ada Lovelace', 'email', 'ada@example.org', 'karma', 99.5),
        'items', (SELECT jsonb_agg(jsonb_build_object('id', i, 'sku', 'SKU-' || i, 'name', 'Item number ' || i, 'active', i % 3 = 0,
            'quantity', i % 7, 'price', (i * 37 % 1000)::numeric(10, 2)) ORDER BY i) FROM generate_series(1, n) AS i)) $$;
CREATE TABLE news AS
    SELECT g, to_jsonb('new value ' || g) AS value, jsonb_build_object('quantity', g, 'name', 'Renamed ' || g) AS updates,
           jsonb_build_object('id', 1000000 + g, 'sku', 'NEW', 'name', 'New ' || g) AS element
    FROM generate_series(1, 100000) AS g;
CREATE INDEX ON news (g);
VACUUM ANALYZE news;

CREATE TABLE results (position serial, scenario text, document text, bytes int, copy_us float, core_us float, delta_us float, ratio float);

CREATE FUNCTION seconds(expression text, doc jsonb, element_id int, calls int) RETURNS float LANGUAGE plpgsql AS $$
DECLARE started timestamptz; total numeric;
BEGIN
    started := clock_timestamp();
    EXECUTE format('SELECT sum(pg_column_size(%s)) FROM news WHERE g <= $3', expression) INTO total USING doc, element_id, calls;
    RETURN extract(epoch FROM clock_timestamp() - started) / calls;
END $$;
CREATE FUNCTION median(numbers float[]) RETURNS float LANGUAGE sql AS
    $$ SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM unnest(numbers) AS x $$;

CREATE FUNCTION compare(scenario text, label text, doc jsonb, element_id int, calls int, rounds int, core text, delta text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE cores float[]; deltas float[]; copies float[]; ratios float[]; c float; d float; same bool;
BEGIN
    EXECUTE format('SELECT bool_and(record_image_eq(ROW(%s), ROW(%s))) FROM news WHERE g <= 2', core, delta)
        INTO same USING doc, element_id;
    IF NOT same THEN RAISE EXCEPTION '% %: results differ', scenario, label; END IF;
    FOR i IN 0 .. rounds LOOP -- the first round warms up
        IF i % 2 = 0 THEN c := seconds(core, doc, element_id, calls); END IF;
        d := seconds(delta, doc, element_id, 10 * calls);
        IF i % 2 = 1 THEN c := seconds(core, doc, element_id, calls); END IF;
        CONTINUE WHEN i = 0;
        cores := cores || c; deltas := deltas || d; ratios := ratios || c / d;
        copies := copies || seconds('ARRAY[$1, value]', doc, element_id, 10 * calls);
    END LOOP;
    INSERT INTO results (scenario, document, bytes, copy_us, core_us, delta_us, ratio)
    VALUES (scenario, label, pg_column_size(doc), median(copies) * 1e6, median(cores) * 1e6, median(deltas) * 1e6, median(ratios));
END $$;

CREATE FUNCTION run(label text, elements int, calls int, rounds int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE doc jsonb := document(elements); at int := elements / 2;
BEGIN
    PERFORM compare('top-level scalar', label, doc, at, calls, rounds,
        'jsonb_set($1, ''{title}'', value)', 'jsonb_delta_set_path($1, ''title'', value)');
    PERFORM compare('scalar in embedded object', label, doc, at, calls, rounds,
        'jsonb_set($1, ''{author,name}'', value)', 'jsonb_delta_set_path($1, ''author.name'', value)');
    PERFORM compare('scalar in element, index known', label, doc, at, calls, rounds,
        format('jsonb_set($1, ''{items,%s,name}'', value)', at - 1), format('jsonb_delta_set_path($1, ''items[%s].name'', value)', at - 1));
    PERFORM compare('merge, top level', label, doc, at, calls, rounds, '$1 || updates', 'jsonb_merge_shallow($1, updates)');
    PERFORM compare('merge at path', label, doc, at, calls, rounds,
        'jsonb_set($1, ''{author}'', $1 -> ''author'' || updates)', 'jsonb_merge_at_path($1, updates, ''{author}'')');
    PERFORM compare('element by id, core looks for it in SQL', label, doc, at, calls, rounds,
        format('(SELECT jsonb_set($1, ARRAY[''items'', (n - 1)::text], e || updates) FROM jsonb_array_elements($1 -> ''items'')
                WITH ORDINALITY AS x (e, n) WHERE e -> ''id'' = %L LIMIT 1)', at),
        format('jsonb_array_update_where($1, ''items'', ''id'', %L, updates)', at));
    PERFORM compare('element by id, core is told the index', label, doc, at, calls, rounds,
        format('jsonb_set($1, ''{items,%s}'', $1 #> ''{items,%s}'' || updates)', at - 1, at - 1),
        format('jsonb_array_update_where($1, ''items'', ''id'', %L, updates)', at));
    PERFORM compare('element appended', label, doc, at, calls, rounds,
        'jsonb_insert($1, ''{items,-1}'', element, true)', 'jsonb_array_insert_where($1, ''items'', element, NULL, NULL)');
    PERFORM compare('element inserted in order, core is told the index', label, doc, at, calls, rounds,
        'jsonb_insert($1, ''{items,-1}'', element, true)', 'jsonb_array_insert_where($1, ''items'', element, ''id'', ''ASC'')');
    PERFORM compare('element removed, core is told the index', label, doc, at, calls, rounds,
        format('$1 #- CASE WHEN g > 0 THEN ''{items,%s}''::text[] END', at - 1),
        format('jsonb_array_delete_where($1, ''items'', ''id'', CASE WHEN g > 0 THEN %L::jsonb END)', at));
END $$;

SELECT run('2 kB', 15, 1000 * :factor, :rounds) \g /dev/null
SELECT run('10 kB', 80, 200 * :factor, :rounds) \g /dev/null
SELECT run('100 kB', 800, 20 * :factor, :rounds) \g /dev/null
SELECT run('1 MB', 8500, 5 * :factor, :rounds) \g /dev/null

-- End to end: every row's element number n / 2 gets a new name. Each measurement is rolled back.
CREATE TABLE updates (storage text, document text, rows int, core_ms float, delta_ms float, ratio float);
CREATE FUNCTION update_ms(expression text) RETURNS float LANGUAGE plpgsql AS $$
DECLARE started timestamptz := clock_timestamp();
BEGIN
    EXECUTE 'UPDATE documents SET doc = ' || expression;
    RAISE EXCEPTION USING MESSAGE = extract(epoch FROM clock_timestamp() - started) * 1000, ERRCODE = 'P9999';
EXCEPTION WHEN SQLSTATE 'P9999' THEN RETURN SQLERRM::float;
END $$;
CREATE FUNCTION run_updates(label text, elements int, row_count int, rounds int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE how text; c float; d float; cores float[]; deltas float[]; ratios float[];
    core text := format('jsonb_set(doc, ''{items,%s,name}'', to_jsonb(''Renamed '' || i))', elements / 2 - 1);
    delta text := format('jsonb_array_update_where(doc, ''items'', ''id'', %L, jsonb_build_object(''name'', ''Renamed '' || i))', elements / 2);
BEGIN
    FOREACH how IN ARRAY ARRAY['pglz', 'lz4', 'external'] LOOP
        CONTINUE WHEN how = 'lz4' AND NOT 'lz4' = ANY ((SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression')::text[]);
        CREATE TABLE documents (i int, doc jsonb) WITH (fillfactor = 50);
        IF how = 'external' THEN ALTER TABLE documents ALTER doc SET STORAGE EXTERNAL;
        ELSE EXECUTE format('ALTER TABLE documents ALTER doc SET COMPRESSION %s', how); END IF;
        INSERT INTO documents SELECT i, document(elements) FROM generate_series(1, row_count) AS i;
        cores := '{}'; deltas := '{}'; ratios := '{}';
        FOR round IN 0 .. rounds LOOP
            IF round % 2 = 0 THEN c := update_ms(core); d := update_ms(delta); ELSE d := update_ms(delta); c := update_ms(core); END IF;
            CONTINUE WHEN round = 0;
            cores := cores || c; deltas := deltas || d; ratios := ratios || c / d;
        END LOOP;
        INSERT INTO updates VALUES (how, label, row_count, median(cores) / row_count, median(deltas) / row_count, median(ratios));
        DROP TABLE documents;
    END LOOP;
END $$;
SELECT run_updates('2 kB', 15, 500, :rounds) \g /dev/null
SELECT run_updates('100 kB', 800, 20, :rounds) \g /dev/null
SELECT run_updates('1 MB', 8500, 4, :rounds) \g /dev/null

\pset footer off
\echo Function level, microseconds a call
SELECT scenario, document, bytes, round(copy_us::numeric, 2) AS copy, round(core_us::numeric, 2) AS core,
       round(delta_us::numeric, 2) AS delta, round(ratio::numeric, 1) AS "core / delta"
FROM results ORDER BY min(position) OVER (PARTITION BY scenario), bytes;
\echo End to end, milliseconds a row
SELECT document, storage, round(core_ms::numeric, 4) AS core, round(delta_ms::numeric, 4) AS delta, round(ratio::numeric, 2) AS "core / delta"
FROM updates;
DROP SCHEMA bench_delta CASCADE;
