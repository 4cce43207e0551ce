-- introspection - what the functions and tables that describe TVIEWs say.
\a \t
CREATE SCHEMA introspection;
SET search_path = introspection, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, note text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int REFERENCES tb_user, title varchar(50), price numeric(8,2));
CREATE TABLE tb_setting (value text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(1, 6) n;
INSERT INTO tb_setting VALUES ('v');

SELECT pg_tviews_version() = (SELECT extversion FROM pg_extension WHERE extname = 'pg_tviews');
SELECT pg_tviews_check_jsonb_delta() = pg_tviews_check_jsonb_ivm();
SELECT * FROM pg_tviews_error_codes()
 WHERE sqlstate IN ('TV001', 'TV101', 'TV102', 'TV103', 'TV201', 'TV202', 'TV203', 'TV301', 'TV401', 'TV501') ORDER BY sqlstate;
SELECT count(*), count(DISTINCT sqlstate), count(DISTINCT name), bool_and(sqlstate ~ '^TV[0-5]\d\d$') FROM pg_tviews_error_codes() HAVING count(*) <> count(DISTINCT sqlstate);
SELECT name, setting, unit, context FROM pg_settings
 WHERE name IN ('pg_tviews.max_cascade_depth', 'pg_tviews.max_queue_size', 'pg_tviews.lock_escalation_threshold', 'pg_tviews.graph_cache_size',
                'pg_tviews.table_cache_size', 'pg_tviews.prepared_stmt_cache_size', 'pg_tviews.enable_patch', 'pg_tviews.allow_direct_writes',
                'pg_tviews.track', 'pg_tviews.audit', 'pg_tviews.flush_at', 'pg_tviews.log_min_refresh_duration') ORDER BY name COLLATE "C";
SET pg_tviews.no_such_setting = 1;
SET pg_tviews.flush_at = 'never';
SET pg_tviews.max_cascade_depth = 0;

-- the dry run
SELECT jsonb_pretty(a - 'sources') FROM pg_tviews_analyze_select('SELECT p.pk_post, p.id, p.fk_user, u.id AS user_id, to_jsonb(u.name) AS data FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user') a;
SELECT s->>'alias' AS alias, s->>'relation' AS relation, s->'used_columns' AS used, s->>'strategy' AS strategy, s->>'link' AS link
  FROM pg_tviews_analyze_select('SELECT p.pk_post, p.id, jsonb_build_object($$n$$, u.name, $$s$$, (SELECT max(value) FROM tb_setting)) AS data FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user') a, jsonb_array_elements(a->'sources') s ORDER BY 1;
SELECT a->>'supported' AS supported, a::text LIKE '%TV102%' AS code, a::text LIKE '%now()%' AS name FROM pg_tviews_analyze_select('SELECT pk_user, id, to_jsonb(now()) AS data FROM tb_user') a;
SELECT count(*) FROM pg_tview_meta;
SELECT to_regclass('tv_post'), to_regclass('v_post');

CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name) AS data FROM tb_user u;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data, 'setting', (SELECT max(value) FROM tb_setting)) AS data
  FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user;
SELECT entity, view_oid, table_oid, dependencies, dependency_types, fk_columns, uuid_fk_columns, key_columns, explicit_key
  FROM pg_tview_meta ORDER BY entity;
SELECT * FROM strategies('post');
SELECT line FROM pg_tviews_explain('post') line WHERE line LIKE 'TVIEW%';
SELECT line FROM pg_tviews_explain('introspection.tv_post') line WHERE line ~ 'columns used';
SELECT * FROM pg_tviews_suggest_indexes('post');
CREATE INDEX ON tb_post (fk_user);
SELECT * FROM pg_tviews_suggest_indexes('post');
SELECT * FROM pg_tviews_show_cascade_path('user');
SELECT * FROM pg_tviews_show_cascade_path('tv_post');
SELECT entity, depends_on, dependency_type, depends_on_entity, table_oid, view_oid FROM pg_tview_dependencies ORDER BY entity, depends_on::text COLLATE "C";
SELECT pg_tviews_infer_types('tb_post', '{pk_post,id,title,price}');
SELECT error_of($$SELECT pg_tviews_infer_types('tb_post', '{nothing}')$$);
SELECT error_of($$SELECT pg_tviews_infer_types('tb_nothing', '{a}')$$);

-- verification
SELECT * FROM pg_tviews_verify() ORDER BY entity;
SET pg_tviews.allow_direct_writes = on;
UPDATE tv_post SET data = '{}' WHERE pk_post IN (1, 2);
DELETE FROM tv_post WHERE pk_post = 3;
UPDATE tv_post SET pk_post = 44 WHERE pk_post = 4;
RESET pg_tviews.allow_direct_writes;
SELECT * FROM pg_tviews_verify('post');
SELECT pg_tviews_refresh('post');
SELECT * FROM pg_tviews_verify('post');
SELECT assert_exact();
-- ... of what is not yet flushed
BEGIN;
UPDATE tb_user SET name = 'pending';
SELECT entity, missing, extra, different FROM pg_tviews_verify() ORDER BY entity;
COMMIT;
-- the audit log
SELECT operation, entity, performed_by = current_user AS me, details - 'definition' - 'session_user' AS details, details ? 'definition' AS definition FROM pg_tview_audit_log
 WHERE entity IN ('user', 'post') AND performed_at >= (SELECT min(created_at) FROM pg_tview_meta) ORDER BY log_id;
SET pg_tviews.audit = off;
SELECT pg_tviews_refresh('user');
RESET pg_tviews.audit;
SELECT count(*) FROM pg_tview_audit_log WHERE operation = 'REFRESH' AND entity = 'user' AND performed_at >= (SELECT min(created_at) FROM pg_tview_meta);
-- errors inside maintenance name the TVIEW and the table
CREATE TABLE tv_ratio AS SELECT u.pk_user, u.id, to_jsonb(1 / length(u.name)) AS data FROM tb_user u;
SELECT context_of('UPDATE tb_user SET name = '''' WHERE pk_user = 1');
SELECT assert_exact();
CREATE TABLE tv_ratio2 AS SELECT p.pk_post, p.id, to_jsonb(1 / length(u.name)) AS data FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
DROP TABLE tv_ratio;
SELECT context_of('UPDATE tb_user SET name = '''' WHERE pk_user = 1');
SELECT context_of('UPDATE tb_user SET name = '''' WHERE pk_user = 1; UPDATE tb_post SET title = upper(title), fk_user = 1');
SELECT assert_exact();
-- what a session with nothing loaded sees
\c
SET search_path = introspection, public;
UPDATE tb_user SET name = 'a fresh session' WHERE pk_user = 2;
SELECT assert_exact();
\c
SET search_path = introspection, public;
BEGIN;
SELECT count(*) FROM tv_user;
UPDATE tb_user SET name = 'another' WHERE pk_user = 2;
SELECT data FROM tv_user WHERE pk_user = 2;
ROLLBACK;
\c
SELECT pg_tviews_version() IS NOT NULL;
SET search_path = introspection, public;
CREATE TABLE tv_fresh AS SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user;
SELECT assert_exact();
\c
SET search_path = introspection, public;
DROP TABLE tv_fresh;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA introspection CASCADE;
SELECT assert_gone();
