-- 90_event_triggers.sql - last, so that nothing above is seen by them.

CREATE EVENT TRIGGER pg_tviews_ddl_start ON ddl_command_start
    WHEN TAG IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE VIEW', 'DROP TABLE', 'DROP FOREIGN TABLE',
                 'ALTER TABLE', 'ALTER VIEW', 'CREATE TRIGGER', 'CREATE RULE')
    EXECUTE FUNCTION pg_tviews_internal_ddl_start();

CREATE EVENT TRIGGER pg_tviews_ddl_end ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE VIEW', 'CREATE TABLE', 'CREATE FOREIGN TABLE', 'ALTER TABLE',
                 'ALTER FOREIGN TABLE', 'CREATE RULE', 'CREATE FUNCTION', 'ALTER FUNCTION', 'ALTER ROUTINE',
                 'CREATE AGGREGATE', 'ALTER AGGREGATE', 'ALTER TYPE', 'ALTER DOMAIN', 'ALTER COLLATION', 'ALTER OPERATOR',
                 'CREATE CAST', 'DROP CAST', 'ALTER TEXT SEARCH CONFIGURATION', 'ALTER TEXT SEARCH DICTIONARY',
                 'ALTER SCHEMA', 'CREATE SCHEMA', 'ALTER VIEW')
    EXECUTE FUNCTION pg_tviews_internal_ddl_end();

CREATE EVENT TRIGGER pg_tviews_sql_drop ON sql_drop
    EXECUTE FUNCTION pg_tviews_internal_sql_drop();
