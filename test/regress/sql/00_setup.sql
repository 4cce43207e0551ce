-- 00_setup - creates the extension and the helpers of the other files.
CREATE EXTENSION pg_tviews;

-- The comparisons below are small but look expensive to the planner.
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$;

-- Are TVIEWs what their definitions say? Both sides are compared as multisets of row images, both ways. Without an
-- argument: every TVIEW there is. The answer counts the rows, so that an empty TVIEW cannot look like a good one.
CREATE FUNCTION assert_exact(VARIADIC tviews text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    m record;
    line text;
    rows bigint;
    counts text[] := '{}';
    wrong text[] := '{}';
BEGIN
    FOR m IN
        SELECT t.table_oid, t.view_oid,
               (SELECT string_agg(format('%I IS NOT NULL', k), ' AND ') FROM unnest(t.key_columns) k) AS has_key,
               (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
                  FROM pg_attribute a
                 WHERE a.attrelid = t.view_oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
          FROM pg_tview_meta t
         WHERE tviews = '{}' OR t.table_oid = ANY (tviews::regclass[])
         ORDER BY t.table_oid::text COLLATE "C"
    LOOP
        EXECUTE format($q$
            WITH t AS (SELECT (r.*)::text AS image FROM (SELECT %1$s FROM %2$s) r),
                 v AS (SELECT (r.*)::text AS image FROM (SELECT %1$s FROM %3$s WHERE %4$s) r),
                 d AS (SELECT 'missing ' || image AS image FROM (TABLE v EXCEPT ALL TABLE t) missing
                       UNION ALL
                       SELECT 'extra ' || image FROM (TABLE t EXCEPT ALL TABLE v) extra)
            SELECT (SELECT string_agg(image, E'\n' ORDER BY image COLLATE "C") FROM d), (SELECT count(*) FROM t)
            $q$, m.columns, m.table_oid, m.view_oid, m.has_key)
        INTO line, rows;
        counts := counts || rows::text;
        IF line IS NOT NULL THEN
            wrong := wrong || (m.table_oid::text || E' WRONG\n' || line);
        END IF;
    END LOOP;
    IF wrong <> '{}' THEN
        RETURN array_to_string(wrong, E'\n');
    END IF;
    RETURN format('exact, %s rows', coalesce(nullif(array_to_string(counts, ' + '), ''), 'no'));
END
$$;

-- What is left of TVIEWs in this database.
CREATE FUNCTION assert_gone() RETURNS text
LANGUAGE sql AS $$
    SELECT coalesce(string_agg(what, ', ' ORDER BY what COLLATE "C"), 'nothing left')
      FROM (SELECT 'meta ' || entity FROM pg_tview_meta
            UNION ALL
            SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass FROM pg_trigger
             WHERE tgname LIKE 'tview%' AND NOT tgisinternal
            UNION ALL
            SELECT 'relation ' || c.oid::regclass FROM pg_class c
             WHERE c.relkind IN ('r', 'v') AND c.relname ~ '^t?v_' AND c.relnamespace::regnamespace::text !~ '^pg_') l (what)
$$;

-- The error that a statement ends with.
CREATE FUNCTION error_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
                            hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n  ', state || ': ' || message, 'detail: ' || nullif(detail, ''), 'hint: ' || nullif(hint, ''));
END
$$;

-- Where maintenance was when a statement ended with an error.
CREATE FUNCTION context_of(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    state text;
    context text;
BEGIN
    EXECUTE statement;
    PERFORM pg_tviews_flush();
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, context = PG_EXCEPTION_CONTEXT;
    RETURN state || ': ' || coalesce((SELECT string_agg(line, ' / ') FROM regexp_split_to_table(context, E'\n') line
                                       WHERE line LIKE 'while refreshing%'), 'no context');
END
$$;

-- How each source of a TVIEW is followed to the key, without the queries (their text differs between versions).
CREATE FUNCTION strategies(tview text) RETURNS SETOF text
LANGUAGE sql AS $$
    SELECT line FROM pg_tviews_explain(tview) WITH ORDINALITY AS e (line, n)
     WHERE line ~ '^(key|maintained by|source)' OR line ~ 'strategy'
     ORDER BY n
$$;

-- A UUID made from a number.
CREATE FUNCTION uid(bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT lpad($1::text, 32, '0')::uuid $$;

SELECT assert_exact(), assert_gone();
