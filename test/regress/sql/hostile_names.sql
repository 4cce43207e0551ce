-- hostile_names - names, settings, arguments and definitions that try to break out of the SQL that pg_tviews writes.
\encoding UTF8
\a \t
\set SHOW_CONTEXT never
SELECT coalesce(max(log_id), 0) AS log FROM pg_tview_audit_log \gset
CREATE SCHEMA hostile;
SET search_path = hostile, public;
CREATE TABLE victim (a int);
-- Each name is a schema, a table, columns, an entity and keys of the document at once: create, write, read, verify, refresh, replace, repair, rename, drop.
CREATE TABLE names (n int GENERATED ALWAYS AS IDENTITY, name text);
INSERT INTO names (name) VALUES ('x"y'), ('x''y'), ('x''''; DROP TABLE hostile.victim; --'), ('x\y'), ('x\''y'), ('$$x$$'), ('$tview$'), ('$1'), ('%s%I%L%n%1$s'), ('x y'), (E'x\ty\nz'), ('X'), ('select'), ('user'), ('pg_catalog'),
    ('tv_"; DROP TABLE hostile.victim; --'), ('tv_tv_x'), ('v_x'), ('/* x'), ('x */'), ('-- x'), ('x;'), ('x.y'), ('x,y'), ('{x,y}'), ('"'), ('""'), (''''), ('ünïcode'), ('名前'), (U&'\+01F600'), (U&'e\0301'), (E'\u200Bx'), (E'\u202Ex'),
    (U&'\2019quoted'), ('NULL'), ('true'), ('1'), ('0x1'), (' '), (E'\x01\x7f'), (repeat('é', 29) || 'x'), (repeat('x', 60)), ('x' || repeat('é', 29) || 'y');
CREATE FUNCTION attack(name text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
    steps text[] := '{}';
    schema text := left(replace(name, 'pg_', 'PG_'), 10) || '.s';
    base text := left(name, 10) || '-t';
    pk text := left('pk_' || name, 30);
    tview text := 'tv_' || name;
    full_name text := format('%I.%I', schema, tview);
    entity text := format('%I.%I', schema, name);
BEGIN
    EXECUTE format('CREATE SCHEMA %I', schema);
    EXECUTE format('CREATE TABLE %I.%I (%I int PRIMARY KEY, id uuid, %I text)', schema, base, pk, name);
    EXECUTE format('INSERT INTO %I.%I VALUES (1, uid(1), %L)', schema, base, name);
    EXECUTE format('CREATE TABLE %s AS SELECT %I, id, jsonb_build_object(%L, %I, ''row'', t) AS data, %4$I FROM %I.%I t', full_name, pk, name, name, schema, base);
    EXECUTE format('CREATE TABLE %1$I.tv_above AS SELECT t.%2$I AS pk_above, t.id, t.data FROM %3$s t JOIN %1$I.%4$I b ON b.%2$I = t.%2$I', schema, pk, full_name, base);
    EXECUTE format('UPDATE %I.%I SET %I = %3$I || ''!''', schema, base, name);
    EXECUTE format('INSERT INTO %I.%I VALUES (2, uid(2), %L)', schema, base, name);
    IF assert_exact() <> 'exact, 2 + 2 rows' THEN RETURN 'WRITE: ' || assert_exact(); END IF;
    IF EXISTS (SELECT FROM pg_tviews_verify() WHERE missing + extra + different > 0) THEN RETURN 'VERIFY'; END IF;
    IF pg_tviews_refresh(entity) + pg_tviews_refresh(full_name) <> 0 THEN RETURN 'REFRESH'; END IF;
    PERFORM pg_tviews_explain(entity), pg_tviews_suggest_indexes(entity), pg_tviews_show_cascade_path(entity), pg_tviews_analyze_cascade(entity, 1), pg_tviews_reinstall_triggers(entity),
            pg_tviews_set_replica_maintenance(entity, true), pg_tviews_suspend(entity), pg_tviews_infer_types(format('%I.%I', schema, base), ARRAY[name]);
    EXECUTE format('DELETE FROM %I.%I WHERE %I = 2', schema, base, pk);
    PERFORM pg_tviews_resume(entity), pg_tviews_set_replica_maintenance(entity, false);
    PERFORM pg_tviews_flush_and_report();
    PERFORM pg_tviews_replace(entity, format('SELECT %I, id, jsonb_build_object(''new'', %I) AS data, %2$I, %2$I || %L AS %I FROM %I.%I', pk, name, name, 'more ' || left(name, 10), schema, base));
    PERFORM pg_tviews_replace(entity, format('SELECT %I, id, jsonb_build_object(''new'', %I) AS data, %2$I, 5 AS %I FROM %I.%I', pk, name, 'more ' || left(name, 10), schema, base));
    EXECUTE format('ALTER TABLE %s RENAME TO %I', full_name, 'tv_r' || reverse(left(name, 10)));
    EXECUTE format('ALTER TABLE %I.%I RENAME TO %I', schema, base, 'r' || reverse(base));
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', schema, 'r' || reverse(schema));
    EXECUTE format('UPDATE %I.%I SET %I = %3$I || ''?''', 'r' || reverse(schema), 'r' || reverse(base), name);
    IF assert_exact() <> 'exact, 1 + 1 rows' THEN RETURN 'RENAMED: ' || assert_exact(); END IF;
    IF EXISTS (SELECT FROM pg_tviews_health_check() WHERE status <> 'OK') THEN RETURN (SELECT string_agg(message, ', ') FROM pg_tviews_health_check() WHERE status <> 'OK'); END IF;
    PERFORM pg_tviews_drop(format('%I.%I', 'r' || reverse(schema), 'r' || reverse(left(name, 10))), cascade => true);
    IF assert_gone() <> 'nothing left' THEN RETURN assert_gone(); END IF;
    EXECUTE format('DROP SCHEMA %I CASCADE', 'r' || reverse(schema));
    RETURN CASE WHEN to_regclass('hostile.victim') IS NULL THEN 'INJECTED' ELSE 'good' END;
END
$f$;
SET client_min_messages = warning;
SELECT result, count(*), array_agg(n) FILTER (WHERE result <> 'good') AS n FROM (SELECT n, attack(name) AS result FROM names WHERE octet_length(name) <= 60) a GROUP BY 1 ORDER BY 1;
SELECT error_of(format('CREATE TABLE %I AS SELECT 1 AS k', 'tv_x' || repeat('é', 30)));
-- The same under settings that change how literals and values are written and read
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET quote_all_identifiers = on;
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = sql_standard;
SET bytea_output = escape;
SET extra_float_digits = -15;
SET TimeZone = 'Asia/Kathmandu';
SET array_nulls = off;
SET transform_null_equals = on;
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
SET from_collapse_limit = 1;
SET join_collapse_limit = 1;
SET row_security = off;
SELECT result, count(*), array_agg(n) FILTER (WHERE result <> 'good') AS n FROM (SELECT n, attack(name) AS result FROM names WHERE octet_length(name) <= 60) a GROUP BY 1 ORDER BY 1;
RESET ALL;
SET search_path = hostile, public;
SET client_min_messages = warning;
-- Rendering stays what it was at creation, whoever writes and however; an empty and a hostile search_path
CREATE TABLE tb_value (pk_value int PRIMARY KEY, id uuid, d date, t timestamptz, i interval, b bytea, f float8);
CREATE TABLE tv_value AS SELECT pk_value, id, jsonb_build_object('d', d::text, 't', t, 'i', i::text, 'b', b::text, 'f', f::text) AS data FROM tb_value;
CREATE FUNCTION write_value(pk int) RETURNS void LANGUAGE sql AS $$ INSERT INTO hostile.tb_value VALUES (pk, public.uid(pk), make_date(2024, 2, 1), make_timestamptz(2024, 2, 1, 12, 0, 0, 'UTC'), make_interval(1, 2, 0, 3, 4), decode('00ff27', 'hex'), pi()) $$;
SELECT write_value(1);
SET DateStyle = 'German'; SET IntervalStyle = iso_8601; SET bytea_output = escape; SET extra_float_digits = -10; SET TimeZone = 'America/New_York';
SELECT write_value(2);
SET search_path = '';
SELECT hostile.write_value(3);
CREATE SCHEMA trap;
CREATE FUNCTION trap.to_jsonb(date) RETURNS jsonb LANGUAGE sql AS $$ SELECT '"trapped"'::pg_catalog.jsonb $$;
CREATE FUNCTION trap.trapped_int(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE OPERATOR trap.= (FUNCTION = trap.trapped_int, LEFTARG = int, RIGHTARG = int);
CREATE FUNCTION trap.trapped_text(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
CREATE OPERATOR trap.= (FUNCTION = trap.trapped_text, LEFTARG = text, RIGHTARG = text);
CREATE OPERATOR trap.<> (FUNCTION = trap.trapped_text, LEFTARG = text, RIGHTARG = text);
CREATE TYPE trap.jsonb AS ENUM ('trapped');
CREATE VIEW trap.pg_class AS SELECT 1 AS trapped;
CREATE TEMP TABLE pg_attribute (trapped int);
CREATE TEMP TABLE pg_tview_meta (trapped int);
CREATE TEMP TABLE pg_depend (trapped int);
CREATE TEMP TABLE tb_value (trapped int);
SET search_path = trap, pg_temp, pg_catalog, hostile, public;
SELECT hostile.write_value(4);
UPDATE hostile.tb_value SET f = pg_catalog.float8um(f);
SELECT DISTINCT data FROM hostile.tv_value;
SELECT public.pg_tviews_refresh('hostile.value');
SELECT * FROM public.pg_tviews_verify('hostile.value');
SELECT public.pg_tviews_create('hostile.other', 'SELECT pk_value, id, pg_catalog.to_jsonb(d) AS data FROM hostile.tb_value');
SELECT public.pg_tviews_replace('hostile.other', 'SELECT pk_value, id, pg_catalog.to_jsonb(i) AS data, 5 AS more FROM hostile.tb_value');
UPDATE hostile.tb_value SET i = NULL;
SELECT missing, extra, different FROM public.pg_tviews_verify();
SELECT status, message FROM public.pg_tviews_health_check() WHERE status OPERATOR(pg_catalog.<>) 'OK';
SELECT public.pg_tviews_reinstall_triggers('hostile.other'), public.pg_tviews_drop('hostile.other');
DROP TABLE pg_temp.pg_attribute, pg_temp.pg_tview_meta, pg_temp.pg_depend, pg_temp.tb_value;
RESET ALL;
SET search_path = hostile, public;
SET client_min_messages = warning;
SELECT assert_exact();
-- Read-only transactions, replicated changes, other roles, in the middle of writes
BEGIN;
SELECT write_value(5);
SET TRANSACTION READ ONLY;
SELECT count(*) FROM tv_value;
ROLLBACK;
BEGIN;
SELECT write_value(5);
SET TRANSACTION READ ONLY;
COMMIT;
SELECT assert_exact();
BEGIN READ ONLY;
SELECT count(*) FROM tv_value;
SELECT error_of('SELECT pg_tviews_refresh(''value'')');
SELECT pg_tviews_flush();
COMMIT;
SET default_transaction_read_only = on;
SELECT error_of('CREATE TABLE tv_none AS SELECT 1 AS pk_none');
SELECT missing, extra, different FROM pg_tviews_verify('value');
RESET default_transaction_read_only;
BEGIN;
SELECT write_value(8);
SET LOCAL session_replication_role = replica;
SELECT write_value(9);
SELECT count(*) FROM tv_value;
SET LOCAL session_replication_role = origin;
COMMIT;
SELECT missing, extra, different FROM pg_tviews_verify('value');
SELECT pg_tviews_refresh('value');
CREATE ROLE regress_hostile;
GRANT USAGE ON SCHEMA hostile TO regress_hostile;
GRANT INSERT, SELECT ON tb_value TO regress_hostile;
BEGIN;
SET LOCAL ROLE regress_hostile;
SELECT hostile.write_value(6);
RESET ROLE;
SELECT hostile.write_value(7);
SET LOCAL SESSION AUTHORIZATION regress_hostile;
COMMIT;
SELECT assert_exact();
SELECT current_user = session_user AS same;
-- Arguments
SELECT n || E'\n=> ' || error_of(format('SELECT pg_tviews_create(%L, %L, options => %L)', 'n' || o, 'SELECT pk_value, id, data FROM tv_value', n)) FROM unnest(ARRAY['{"fillfactor": 70.5}', '{"fillfactor": 1e400}', '{"fillfactor": -0}', '{"fillfactor": null}', '{"fillfactor": "70"}',
    '{"fillfactor": 70.0, "indexes": 1}', '[]', '{"": 1}', '{"function_reads": [["tb_value"]]}', '{"function_reads": ""}', '{"function_reads": "a.b.c.d"}', '{"function_reads": "nosuch.tb"}', '{"unlogged": "true"}', '{"Fillfactor": 70}']) WITH ORDINALITY t (n, o) ORDER BY o;
SELECT call || E'\n=> ' || error_of('SELECT * FROM ' || call) FROM unnest(ARRAY['pg_tviews_refresh(E''a\nb'')', 'pg_tviews_refresh(''.'')', 'pg_tviews_drop(''a..b'')', 'pg_tviews_verify(''x y'')', 'pg_tviews_infer_types(''"'', ''{x}'')', 'pg_tviews_infer_types(''tb_value'', NULL)',
    'pg_tviews_set_replica_maintenance(''value'', NULL)', 'pg_tviews_flush_and_report(NULL)', 'pg_tviews_flush_and_report(-1)', 'pg_tviews_cascade(NULL, 1)', 'pg_tviews_cascade(1::oid, 1)', 'pg_tviews_analyze_cascade(''value'', NULL)',
    'pg_tviews_create(''x'', ''SELECT 1'', key_columns => ''{NULL}'')', 'pg_tviews_ddl(NULL)']) WITH ORDINALITY t (call, o) ORDER BY o;
SELECT length(error_of('SELECT pg_tviews_refresh(repeat(''x'', 100000))'));
-- Null bytes cannot be in text at all.
SELECT error_of('SELECT pg_tviews_refresh(E''a\000b'')') ~ '^22021', error_of('SELECT pg_tviews_refresh(chr(0))') ~ '^54000', error_of($$SELECT pg_tviews_create('z', 'SELECT 1', options => '{"a\u0000": 1}')$$) ~ '^22P05';
-- An operator that says it can be hashed and cannot
CREATE FUNCTION like_that(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT lower($1) = lower($2) $$;
CREATE OPERATOR === (FUNCTION = like_that, LEFTARG = text, RIGHTARG = text, COMMUTATOR = ===, HASHES, MERGES);
CREATE TABLE tb_link (pk_link int PRIMARY KEY, id uuid, name text);
SELECT error_of('CREATE TABLE tv_link AS SELECT a.pk_link, a.id, to_jsonb(b.id) AS data FROM tb_link a LEFT JOIN tb_link b ON b.name === a.name');
DROP SCHEMA hostile, trap CASCADE;
DELETE FROM pg_tview_audit_log WHERE log_id > :log;
SELECT assert_gone();
DROP ROLE regress_hostile;
