-- base_table_ddl - DDL on base tables: plain, rolled back, rolled back to a savepoint. TVIEWs stay exact and maintained.
\a \t
CREATE SCHEMA base_table_ddl;
CREATE SCHEMA elsewhere;
CREATE ROLE regress_base_table_ddl;
GRANT ALL ON SCHEMA base_table_ddl, elsewhere TO regress_base_table_ddl;
SET search_path = base_table_ddl, elsewhere, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL UNIQUE, name text, rank int, note text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int REFERENCES tb_user ON DELETE CASCADE, title text, spare int);
CREATE INDEX ON tb_post (fk_user);
CREATE TABLE unrelated (a int);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, n, 'note' FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 4, 'post ' || n, n FROM generate_series(1, 10) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.name, 'rank', u.rank) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('user', u, 'posts', (SELECT jsonb_agg(p.data ORDER BY p.pk_post) FROM tv_post p WHERE p.fk_user = u.pk_user)) AS data
  FROM tb_user u;

-- Writes to every table, by whatever its columns are called now, then compares. Nothing when all is well.
CREATE FUNCTION wrong() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    t regclass;
    c text;
    answer text;
    id bigint := (random() * 1e9)::int + 1000;
BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relname ~ '^tb_' AND relkind = 'r' AND relnamespace IN ('base_table_ddl'::regnamespace, 'elsewhere'::regnamespace) ORDER BY relname DESC LOOP
        FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = t AND attnum > 0 AND NOT attisdropped AND attname !~ '^(pk|id|fk)' AND attgenerated = '' LOOP
            EXECUTE format('UPDATE %s SET %I = CASE WHEN %2$I::text > ''5'' THEN ''1'' ELSE ''7'' END::%s WHERE ctid = (SELECT min(ctid) FROM %1$s)', t, c,
                           (SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = t AND attname = c));
        END LOOP;
        SELECT attname INTO c FROM pg_attribute WHERE attrelid = t AND attname ~ '^pk';
        EXECUTE format('INSERT INTO %s (%I, id) VALUES (%s, uid(%3$s))', t, c, id);
        answer := assert_exact();
        IF answer !~ '^exact' THEN
            RETURN NEXT format('%s after an insert: %s', t, answer);
        END IF;
        EXECUTE format('DELETE FROM %s WHERE %I = %s', t, c, id);
    END LOOP;
    INSERT INTO unrelated VALUES (1);
    answer := assert_exact();
    IF answer !~ '^exact, (\d+ \+ )+\d+ rows' THEN
        RETURN NEXT answer;
    END IF;
    RETURN QUERY SELECT 'missing trigger: ' || message FROM pg_tviews_health_check() WHERE check_name IN ('missing_triggers', 'orphaned_triggers', 'consistency') AND status <> 'OK' AND message !~ 'is disabled';
END
$$;
SELECT wrong();

-- Each operation with what takes it back; some cannot run in a transaction.
CREATE TABLE operation (n int GENERATED ALWAYS AS IDENTITY, operation text, undo text, alone boolean DEFAULT false);
INSERT INTO operation (operation, undo, alone) VALUES
    ('ALTER TABLE tb_post SET UNLOGGED', 'ALTER TABLE tb_post SET LOGGED', false),
    ('CLUSTER tb_user USING tb_user_pkey', NULL, false),
    ('VACUUM (FULL) tb_user', NULL, true),
    ('VACUUM (FULL) tb_post, tv_post', NULL, true),
    ('VACUUM (ANALYZE) tb_user, tb_post', NULL, true),
    ('REINDEX TABLE tb_user', NULL, false),
    ('REINDEX TABLE tv_post', NULL, false),
    ('REINDEX TABLE CONCURRENTLY tb_user', NULL, true),
    ('REINDEX TABLE CONCURRENTLY tv_user', NULL, true),
    ('REINDEX INDEX CONCURRENTLY tv_post_pkey', NULL, true),
    ('REINDEX SCHEMA base_table_ddl', NULL, true),
    ('CREATE INDEX added ON tb_post (title)', 'DROP INDEX added', false),
    ('CREATE INDEX CONCURRENTLY added ON tb_post (title)', 'DROP INDEX CONCURRENTLY added', true),
    ('ALTER TABLE tb_user OWNER TO regress_base_table_ddl', 'ALTER TABLE tb_user OWNER TO CURRENT_USER', false),
    ('ALTER TABLE tb_user OWNER TO regress_base_table_ddl', 'REASSIGN OWNED BY regress_base_table_ddl TO CURRENT_USER', false),
    ('ALTER TABLE tb_user ALTER note TYPE int USING length(note)', 'ALTER TABLE tb_user ALTER note TYPE text', false),
    ('ALTER TABLE tb_post ALTER spare TYPE numeric(10, 2) USING spare / 3.0', 'ALTER TABLE tb_post ALTER spare TYPE int', false),
    ('ALTER TABLE tb_post ADD COLUMN fresh int DEFAULT 5', 'ALTER TABLE tb_post DROP COLUMN fresh', false),
    ('ALTER TABLE tb_user ADD COLUMN fresh text DEFAULT ''x'' NOT NULL', 'ALTER TABLE tb_user DROP COLUMN fresh', false),
    ('ALTER TABLE tb_user ADD COLUMN doubled int GENERATED ALWAYS AS (rank * 2) STORED', 'ALTER TABLE tb_user DROP COLUMN doubled', false),
    ('ALTER TABLE tb_user RENAME name TO full_name', 'ALTER TABLE tb_user RENAME full_name TO name', false),
    ('ALTER TABLE tb_user RENAME note TO remark', 'ALTER TABLE tb_user RENAME remark TO note', false),
    ('ALTER TABLE tb_user RENAME pk_user TO pk_number', 'ALTER TABLE tb_user RENAME pk_number TO pk_user', false),
    ('ALTER TABLE tb_user ALTER name SET DEFAULT ''anonymous''', 'ALTER TABLE tb_user ALTER name DROP DEFAULT', false),
    ('ALTER TABLE tb_post ALTER title SET NOT NULL, ALTER title SET DEFAULT ''''', 'ALTER TABLE tb_post ALTER title DROP NOT NULL, ALTER title DROP DEFAULT', false),
    ('ALTER TABLE tb_post ADD CONSTRAINT positive CHECK (spare > -10)', 'ALTER TABLE tb_post DROP CONSTRAINT positive', false),
    ('ALTER TABLE tb_post ADD CONSTRAINT later UNIQUE (id)', 'ALTER TABLE tb_post DROP CONSTRAINT later', false),
    ('ALTER TABLE tb_post DROP CONSTRAINT tb_post_fk_user_fkey', 'ALTER TABLE tb_post ADD FOREIGN KEY (fk_user) REFERENCES tb_user ON DELETE CASCADE', false),
    ('ALTER TABLE tb_post DROP CONSTRAINT tb_post_pkey', 'ALTER TABLE tb_post ADD PRIMARY KEY (pk_post)', false),
    ('ALTER TABLE tb_user RENAME TO tb_person', 'ALTER TABLE tb_person RENAME TO tb_user', false),
    ('ALTER TABLE tb_user SET SCHEMA elsewhere', 'ALTER TABLE tb_user SET SCHEMA base_table_ddl', false),
    ('ALTER TABLE tb_user ALTER name SET STATISTICS 10, ALTER name SET STORAGE EXTERNAL, SET (fillfactor = 50)', 'ALTER TABLE tb_user RESET (fillfactor)', false),
    ('ALTER TABLE tb_post REPLICA IDENTITY FULL', 'ALTER TABLE tb_post REPLICA IDENTITY DEFAULT', false),
    ('ALTER TABLE tb_post DISABLE TRIGGER tview_truncate', 'ALTER TABLE tb_post ENABLE TRIGGER tview_truncate', false),
    ('TRUNCATE tb_post', 'INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 4, ''post '' || n, n FROM generate_series(1, 10) n', false),
    ('TRUNCATE tb_user CASCADE', 'WITH u AS (INSERT INTO tb_user SELECT n, uid(n), ''user '' || n, n, ''note'' FROM generate_series(1, 4) n) INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 4, ''post '' || n, n FROM generate_series(1, 10) n', false),
    ('TRUNCATE tb_post, tb_user RESTART IDENTITY', 'WITH u AS (INSERT INTO tb_user SELECT n, uid(n), ''user '' || n, n, ''note'' FROM generate_series(1, 4) n) INSERT INTO tb_post SELECT n, uid(100 + n), 1 + n % 4, ''post '' || n, n FROM generate_series(1, 10) n', false);
\set ECHO none
\echo each in a transaction that is rolled back, with writes around it
SELECT 'BEGIN', 'SELECT wrong()', format('SELECT %L', operation), operation, 'SELECT wrong()', 'ROLLBACK', 'SELECT wrong()' FROM operation WHERE NOT alone ORDER BY n \gexec
\echo each in a savepoint that is rolled back
SELECT 'BEGIN', 'SELECT wrong()', 'SAVEPOINT s', format('SELECT %L', operation), operation, 'SELECT wrong()', 'ROLLBACK TO s', 'SELECT wrong()', 'COMMIT', 'SELECT wrong()' FROM operation WHERE NOT alone ORDER BY n \gexec
\echo each by itself, and taken back
SELECT format('SELECT %L', operation), operation, 'SELECT wrong()', undo, 'SELECT wrong()' FROM operation ORDER BY n \gexec
\set ECHO all
SELECT assert_exact();

-- A crash empties unlogged tables, and not what is built on them: the health check says so.
ALTER TABLE tb_post SET UNLOGGED;
SELECT status, message, details->>'hint' AS hint FROM pg_tviews_health_check() WHERE check_name = 'consistency';
ALTER TABLE tv_post SET UNLOGGED;
SELECT status, message FROM pg_tviews_health_check() WHERE check_name = 'consistency' ORDER BY message COLLATE "C";
ALTER TABLE tv_post SET LOGGED;
ALTER TABLE tb_post SET LOGGED;
CREATE UNLOGGED TABLE tb_volatile (pk_volatile int PRIMARY KEY, id uuid, name text);
CREATE TABLE tv_volatile AS SELECT pk_volatile, id, to_jsonb(name) AS data FROM tb_volatile;
DROP TABLE tv_volatile, tb_volatile;

-- A disabled trigger sees nothing, and the health check says so; enabling it makes up for what was missed.
CREATE VIEW disabled AS SELECT message FROM pg_tviews_health_check() WHERE check_name = 'missing_triggers' AND status = 'ERROR' ORDER BY message COLLATE "C";
CREATE TABLE switch (n int GENERATED ALWAYS AS IDENTITY, off text, back text);
INSERT INTO switch (off, back) VALUES
    ('DISABLE TRIGGER tview_capture', 'ENABLE TRIGGER tview_capture'),
    ('DISABLE TRIGGER ALL', 'ENABLE TRIGGER ALL'),
    ('DISABLE TRIGGER USER', 'ENABLE TRIGGER USER'),
    ('ENABLE REPLICA TRIGGER tview_capture', 'ENABLE ALWAYS TRIGGER tview_capture'),
    ('ENABLE REPLICA TRIGGER tview_capture, DISABLE TRIGGER tview_truncate', 'ENABLE TRIGGER tview_capture, ENABLE TRIGGER tview_truncate');
\set ECHO none
SELECT format('SELECT %L', off), 'ALTER TABLE tb_user ' || off, 'SELECT * FROM disabled', 'UPDATE tb_user SET name = name || ''!''', 'SELECT assert_exact() ~ ''WRONG'' AS stale',
       'ALTER TABLE tb_user ' || back, 'SELECT assert_exact()', 'SELECT * FROM disabled', 'SELECT wrong()' FROM switch ORDER BY n \gexec
\echo in one transaction, rolled back
SELECT 'BEGIN', format('SELECT %L', off), 'ALTER TABLE tb_user ' || off, 'DELETE FROM tb_post WHERE pk_post = 1', 'UPDATE tb_user SET name = name || ''?''', 'ALTER TABLE tb_user ' || back,
       'SELECT assert_exact()', 'ROLLBACK', 'SELECT wrong()' FROM switch ORDER BY n \gexec
\echo enabled in a savepoint that is rolled back: disabled and stale until enabled again
SELECT format('SELECT %L', off), 'ALTER TABLE tb_user ' || off, 'UPDATE tb_user SET name = name || ''!''', 'BEGIN', 'SAVEPOINT s', 'ALTER TABLE tb_user ' || back, 'ROLLBACK TO s',
       'SELECT assert_exact() ~ ''WRONG'' AS stale', 'SELECT count(*) FROM disabled', 'ALTER TABLE tb_user ' || back, 'COMMIT', 'SELECT assert_exact()' FROM switch ORDER BY n \gexec
\set ECHO all
-- One that was enabled, or is none of ours, costs nothing.
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER mine AFTER INSERT ON tb_user FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE tb_user DISABLE TRIGGER mine;
BEGIN;
ALTER TABLE tb_user ENABLE TRIGGER mine, ENABLE TRIGGER USER;
ALTER TABLE tb_user ENABLE TRIGGER ALL;
SELECT entities FROM pg_tviews_queue_realtime;
ALTER TABLE tb_user DISABLE TRIGGER tview_capture, ENABLE TRIGGER mine;
SELECT entities FROM pg_tviews_queue_realtime;
ROLLBACK;
DROP TRIGGER mine ON tb_user;
-- The guard of a TVIEW: direct writes are undone.
ALTER TABLE tv_post DISABLE TRIGGER ALL;
UPDATE tv_post SET data = '"wrong"' WHERE pk_post = 2;
SELECT * FROM disabled;
SELECT assert_exact() ~ 'WRONG' AS stale;
ALTER TABLE tv_post ENABLE TRIGGER ALL;
SELECT wrong();
-- Partitions and children: the trigger of one, of all, ONLY.
CREATE TABLE tb_part (pk_part int, id uuid, name text) PARTITION BY RANGE (pk_part);
CREATE TABLE tb_part_1 PARTITION OF tb_part FOR VALUES FROM (0) TO (100);
CREATE TABLE tb_part_2 PARTITION OF tb_part DEFAULT;
CREATE TABLE tb_animal (pk_animal int PRIMARY KEY, id uuid, name text);
CREATE TABLE tb_dog () INHERITS (tb_animal);
CREATE TABLE tv_part AS SELECT pk_part, id, to_jsonb(name) AS data FROM tb_part;
CREATE TABLE tv_animal AS SELECT pk_animal, id, to_jsonb(name) AS data FROM tb_animal;
INSERT INTO tb_part VALUES (1, uid(1), 'one'), (101, uid(101), 'two');
INSERT INTO tb_dog VALUES (1, uid(1), 'one');
ALTER TABLE tb_part DISABLE TRIGGER tview_capture;
UPDATE tb_part SET name = 'missed';
ALTER TABLE tb_part_2 ENABLE TRIGGER tview_capture;
SELECT assert_exact('tv_part');
UPDATE tb_part SET name = 'missed in one';
SELECT assert_exact('tv_part') ~ 'WRONG' AS stale;
SELECT * FROM disabled;
ALTER TABLE tb_part ENABLE TRIGGER tview_capture;
SELECT assert_exact('tv_part');
ALTER TABLE ONLY tb_part DISABLE TRIGGER tview_capture;
UPDATE tb_part SET name = 'noticed';
SELECT assert_exact('tv_part');
ALTER TABLE ONLY tb_part ENABLE TRIGGER tview_capture;
ALTER TABLE tb_dog DISABLE TRIGGER ALL;
UPDATE tb_animal SET name = 'missed';
SELECT assert_exact('tv_animal') ~ 'WRONG' AS stale;
ALTER TABLE tb_dog ENABLE TRIGGER ALL;
SELECT assert_exact('tv_animal');
SELECT * FROM disabled;
-- Somebody else cannot.
ALTER TABLE tb_dog DISABLE TRIGGER ALL;
SET ROLE regress_base_table_ddl;
ALTER TABLE tb_dog ENABLE TRIGGER ALL;
RESET ROLE;
ALTER TABLE tb_dog ENABLE TRIGGER ALL;
SET client_min_messages = warning;
DROP TABLE tb_part, tb_animal, tb_dog CASCADE;
SELECT wrong();

-- Removals are refused without CASCADE; with it nothing is left over, and the rest stays writable.
CREATE FUNCTION left_over() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unrelated VALUES (2);
    IF to_regclass('base_table_ddl.tb_user') IS NOT NULL THEN
        UPDATE base_table_ddl.tb_user SET id = id, note = 'x';
        DELETE FROM base_table_ddl.tb_user WHERE pk_user = 4;
    END IF;
    IF to_regclass('base_table_ddl.tb_post') IS NOT NULL THEN
        INSERT INTO base_table_ddl.tb_post (pk_post, id, fk_user) VALUES (77, uid(77), 1);
        UPDATE base_table_ddl.tb_post SET spare = 5;
    END IF;
    RETURN QUERY SELECT 'relations: ' || coalesce(string_agg(c.oid::regclass::text, ' ' ORDER BY c.oid::regclass::text COLLATE "C"), 'none') FROM pg_class c WHERE relname ~ '^(tv|v)_' AND relkind IN ('r', 'v') AND relnamespace::regnamespace::text !~ '^pg_';
    IF to_regclass('pg_tview_meta') IS NOT NULL THEN
        RETURN QUERY SELECT 'metadata: ' || coalesce(string_agg(entity, ' ' ORDER BY entity), 'none') FROM pg_tview_meta;
        RETURN NEXT assert_exact();
    END IF;
    RETURN QUERY SELECT 'triggers: ' || coalesce(string_agg(DISTINCT tgrelid::regclass::text, ' ' ORDER BY tgrelid::regclass::text), 'none') FROM pg_trigger WHERE tgname LIKE 'tview%';
END
$$;
CREATE SCHEMA owned AUTHORIZATION regress_base_table_ddl;
SET ROLE regress_base_table_ddl;
CREATE TABLE owned.unrelated (a int);
CREATE TABLE owned.tb_item (pk_item int PRIMARY KEY, id uuid, name text);
CREATE TABLE owned.tv_item AS SELECT pk_item, id, to_jsonb(name) AS data FROM owned.tb_item;
RESET ROLE;
CREATE TABLE tv_all AS SELECT i.pk_item AS pk_all, i.id, jsonb_build_object('item', i.data, 'users', (SELECT count(*) FROM tb_user)) AS data FROM owned.tv_item i;
INSERT INTO owned.tb_item VALUES (1, uid(1), 'one');
SELECT wrong();
CREATE TABLE removal (n int GENERATED ALWAYS AS IDENTITY, operation text);
INSERT INTO removal (operation) VALUES
    ('DROP TABLE tb_user'), ('DROP TABLE tb_user, tb_post'), ('ALTER TABLE tb_user DROP COLUMN name'), ('ALTER TABLE tb_user ALTER name TYPE varchar(20) USING name::varchar(20)'),
    ('DROP SCHEMA owned'), ('DROP OWNED BY regress_base_table_ddl'), ('DROP VIEW v_user'),
    ('DROP TABLE tb_user CASCADE'), ('DROP TABLE tb_post, tb_user CASCADE'), ('DROP TABLE owned.tb_item CASCADE'), ('ALTER TABLE tb_post DROP COLUMN title CASCADE'),
    ('ALTER TABLE tb_user DROP COLUMN rank CASCADE'), ('DROP TABLE tv_post CASCADE'), ('DROP VIEW v_post CASCADE'), ('DROP SCHEMA owned CASCADE'), ('DROP OWNED BY regress_base_table_ddl CASCADE'),
    ('REASSIGN OWNED BY regress_base_table_ddl TO CURRENT_USER'), ('DROP EXTENSION pg_tviews'), ('DROP EXTENSION pg_tviews CASCADE');
\set ECHO none
\set VERBOSITY terse
SELECT 'BEGIN', 'SELECT wrong()', 'SAVEPOINT s', format('SELECT %L', operation), operation, 'SELECT left_over()', 'ROLLBACK TO s', 'SELECT wrong()', 'COMMIT', 'SELECT wrong()', 'BEGIN', operation, 'ROLLBACK', 'SELECT wrong()' FROM removal ORDER BY n \gexec
\set ECHO all
\set VERBOSITY default
-- For good
ALTER TABLE owned.tv_item OWNER TO CURRENT_USER;
DROP OWNED BY regress_base_table_ddl CASCADE;
SELECT left_over();
DROP SCHEMA base_table_ddl CASCADE;
SELECT assert_gone();
SET search_path = public;
DROP SCHEMA elsewhere;
DROP ROLE regress_base_table_ddl;
