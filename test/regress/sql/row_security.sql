-- row_security - policies of base tables do not reach a TVIEW: its owner must see all rows, its readers need policies of its own.
\a \t
\set SHOW_CONTEXT never
\set VERBOSITY default
CREATE ROLE regress_rls_owner;
CREATE ROLE regress_rls_builder;
CREATE ROLE regress_rls_reader;
CREATE ROLE regress_rls_writer;
CREATE SCHEMA rls;
GRANT USAGE, CREATE ON SCHEMA rls TO regress_rls_owner, regress_rls_builder;
GRANT USAGE ON SCHEMA rls TO regress_rls_reader, regress_rls_writer;
SET search_path = rls, public;
SET ROLE regress_rls_owner;
CREATE TABLE tb_tenant (pk_tenant int PRIMARY KEY, name text);
CREATE TABLE tb_doc (pk_doc int PRIMARY KEY, id uuid NOT NULL, fk_tenant int, title text);
INSERT INTO tb_tenant VALUES (1, 'one'), (2, 'two');
INSERT INTO tb_doc SELECT n, uid(n), 1 + n % 2, 'doc ' || n FROM generate_series(1, 4) n;
GRANT SELECT ON tb_tenant, tb_doc TO regress_rls_builder;
GRANT SELECT, UPDATE ON tb_tenant, tb_doc TO regress_rls_writer;
CREATE POLICY own ON tb_doc USING (fk_tenant = 1);
CREATE POLICY writing ON tb_doc FOR UPDATE TO regress_rls_writer USING (true);
CREATE POLICY looking ON tb_doc FOR SELECT TO regress_rls_writer USING (true);
ALTER TABLE tb_doc ENABLE ROW LEVEL SECURITY;
-- every way of making one warns
CREATE TABLE tv_doc AS SELECT d.pk_doc, d.id, d.fk_tenant, jsonb_build_object('title', d.title, 'tenant', t.name) AS data
  FROM tb_doc d JOIN tb_tenant t ON t.pk_tenant = d.fk_tenant;
SELECT pg_tviews_create('doc2', 'SELECT pk_doc, id, to_jsonb(title) AS data FROM tb_doc', key_columns => '{pk_doc}');
SELECT pg_tviews_ddl('CREATE TVIEW doc3 AS SELECT pk_doc AS pk_doc3, id, to_jsonb(title) AS data FROM tb_doc');
SELECT pk_tenant AS pk_tenant, '00000000-0000-0000-0000-000000000001'::uuid AS id, to_jsonb(name) AS data INTO tv_tenant FROM tb_tenant;
SELECT pg_tviews_replace('tenant', 'SELECT pk_tenant, ''00000000-0000-0000-0000-000000000001''::uuid AS id,
  (SELECT jsonb_agg(d.title) FROM tb_doc d WHERE d.fk_tenant = t.pk_tenant) AS data FROM tb_tenant t');
CREATE VIEW docs AS SELECT * FROM tb_doc;
CREATE TABLE tv_doc4 AS SELECT pk_doc AS pk_doc4, id, to_jsonb(title) AS data FROM docs;
DROP TABLE tv_doc2, tv_doc3, tv_doc4, tv_tenant;
-- all rows are there, also when somebody writes to whom the policies apply
SET ROLE regress_rls_writer;
UPDATE rls.tb_doc SET title = title || '!';
SET ROLE regress_rls_owner;
SELECT assert_exact();
SELECT count(*) FROM tv_doc;
-- the way to protect a TVIEW: policies of its own
GRANT SELECT ON tv_doc TO regress_rls_reader;
CREATE POLICY own ON tv_doc USING (fk_tenant = 1);
ALTER TABLE tv_doc ENABLE ROW LEVEL SECURITY;
SET ROLE regress_rls_reader;
SELECT pk_doc FROM rls.tv_doc ORDER BY 1;
SET ROLE regress_rls_writer;
UPDATE rls.tb_tenant SET name = name || '?';
SET ROLE regress_rls_owner;
SELECT assert_exact();
-- no warning any more
ALTER TABLE tb_doc DISABLE ROW LEVEL SECURITY;
ALTER TABLE tb_doc ENABLE ROW LEVEL SECURITY;
SELECT pg_tviews_replace('doc', 'SELECT d.pk_doc, d.id, d.fk_tenant, jsonb_build_object(''title'', d.title) AS data FROM tb_doc d');
ALTER TABLE tv_doc DISABLE ROW LEVEL SECURITY;
-- turned on later
ALTER TABLE tb_doc DISABLE ROW LEVEL SECURITY;
ALTER TABLE tb_doc ENABLE ROW LEVEL SECURITY;
-- FORCE on a table, and on the TVIEW itself
ALTER TABLE tb_doc FORCE ROW LEVEL SECURITY;
ALTER TABLE tv_doc ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tb_doc DISABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tb_doc ENABLE ROW LEVEL SECURITY;
ALTER TABLE tb_doc NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tb_doc ENABLE ROW LEVEL SECURITY;
-- whom policies bind cannot have a TVIEW on the table, in no way
SET ROLE regress_rls_builder;
CREATE TABLE rls.tv_mine AS SELECT pk_doc, id, to_jsonb(title) AS data FROM rls.tb_doc;
SELECT pg_tviews_create('rls.mine', 'SELECT pk_doc AS pk_mine, id, to_jsonb(title) AS data FROM rls.tb_doc');
SELECT pg_tviews_ddl('CREATE TVIEW rls.mine AS SELECT pk_doc AS pk_mine, id, to_jsonb(title) AS data FROM rls.tb_doc');
SET search_path = rls, public;
CREATE TABLE tv_mine AS SELECT pk_tenant AS pk_mine, '00000000-0000-0000-0000-000000000001'::uuid AS id, to_jsonb(name) AS data FROM tb_tenant;
SELECT pg_tviews_replace('mine', 'SELECT pk_tenant AS pk_mine, ''00000000-0000-0000-0000-000000000001''::uuid AS id, to_jsonb(count(d)) AS data
  FROM tb_tenant LEFT JOIN tb_doc d ON fk_tenant = pk_tenant GROUP BY pk_tenant');
SELECT data FROM tv_mine ORDER BY 1;
-- the base table's owner turns it on under somebody else's TVIEW
SET ROLE regress_rls_owner;
ALTER TABLE tb_tenant ENABLE ROW LEVEL SECURITY;
RESET ROLE;
SET search_path = rls, public;
ALTER ROLE regress_rls_builder BYPASSRLS;
ALTER TABLE tb_tenant ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON tb_tenant USING (pk_tenant = 1);
CREATE POLICY writing ON tb_tenant TO regress_rls_writer USING (true);
UPDATE tb_tenant SET name = 'seen' WHERE pk_tenant = 2;
SELECT assert_exact();
-- what no event trigger tells: the next write fails rather than leave rows out, in this session too
ALTER ROLE regress_rls_builder NOBYPASSRLS;
SET ROLE regress_rls_writer;
UPDATE rls.tb_tenant SET name = 'unseen' WHERE pk_tenant = 2;
RESET ROLE;
SELECT pg_tviews_refresh('mine');
SELECT name FROM tb_tenant WHERE pk_tenant = 2;
ALTER ROLE regress_rls_builder SUPERUSER;
SET ROLE regress_rls_writer;
UPDATE rls.tb_tenant SET name = 'seen again' WHERE pk_tenant = 2;
RESET ROLE;
SELECT assert_exact();
-- through a role
ALTER ROLE regress_rls_builder NOSUPERUSER;
GRANT regress_rls_owner TO regress_rls_builder;
UPDATE tb_tenant SET name = 'as a member' WHERE pk_tenant = 2;
REVOKE regress_rls_owner FROM regress_rls_builder;
UPDATE tb_tenant SET name = 'not as a member' WHERE pk_tenant = 2;
SELECT data FROM tv_mine ORDER BY 1;
-- owners that change: of the table, of the TVIEW, of a view between them, of everything
ALTER TABLE tb_tenant OWNER TO regress_rls_builder;
UPDATE tb_tenant SET name = 'own table' WHERE pk_tenant = 2;
ALTER TABLE tb_tenant OWNER TO regress_rls_owner;
ALTER TABLE tv_mine OWNER TO regress_rls_reader;
ALTER TABLE tb_tenant DISABLE ROW LEVEL SECURITY;
REASSIGN OWNED BY regress_rls_owner TO regress_rls_writer;
REASSIGN OWNED BY regress_rls_builder TO regress_rls_owner;
ALTER TABLE tb_tenant ENABLE ROW LEVEL SECURITY;
REASSIGN OWNED BY regress_rls_owner TO regress_rls_builder;
SET ROLE regress_rls_builder;
GRANT SELECT ON tb_tenant TO regress_rls_owner;
CREATE VIEW tenants AS SELECT * FROM tb_tenant;
CREATE TABLE tv_viewed AS SELECT pk_tenant AS pk_viewed, '00000000-0000-0000-0000-000000000001'::uuid AS id, to_jsonb(name) AS data FROM tenants;
RESET ROLE;
ALTER VIEW tenants OWNER TO regress_rls_owner;
SELECT relowner::regrole FROM pg_class WHERE oid = 'tenants'::regclass;
SELECT assert_exact();
-- a view's owner may read what the builder may not: maintenance could not
SET ROLE regress_rls_builder;
CREATE TABLE tb_hidden (pk_hidden int PRIMARY KEY, id uuid, name text, secret text);
CREATE VIEW shown AS SELECT pk_hidden, id, name FROM tb_hidden;
GRANT SELECT ON shown TO regress_rls_owner;
SET ROLE regress_rls_owner;
CREATE TABLE tv_hidden AS SELECT pk_hidden, id, to_jsonb(name) AS data FROM shown;
SET ROLE regress_rls_builder;
GRANT SELECT (pk_hidden, id, name) ON tb_hidden TO regress_rls_owner;
SET ROLE regress_rls_owner;
CREATE TABLE tv_hidden AS SELECT pk_hidden, id, to_jsonb(name) AS data FROM shown;
RESET ROLE;
INSERT INTO tb_hidden VALUES (1, uid(1), 'shown', 'secret');
SELECT assert_exact('tv_hidden');
-- a table that no TVIEW reads is altered without a lock on any definition
CREATE TABLE tb_apart (pk_apart int);
BEGIN;
ALTER TABLE tb_apart SET (fillfactor = 90);
ALTER TABLE tb_apart ENABLE ROW LEVEL SECURITY;
ALTER TABLE tb_apart OWNER TO regress_rls_owner;
SELECT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'v_hidden'::regclass;
COMMIT;
SET client_min_messages = warning;
DROP SCHEMA rls CASCADE;
SELECT assert_gone();
DROP ROLE regress_rls_owner, regress_rls_builder, regress_rls_reader, regress_rls_writer;
