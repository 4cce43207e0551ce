-- verification - what pg_tviews_verify() finds, and what keeps it from looking.
\a \t
CREATE SCHEMA verification;
SET search_path = verification, public;
CREATE TABLE tb_x (pk_x int, id uuid NOT NULL, name text, n int);
INSERT INTO tb_x SELECT n, uid(n), 'name ' || n, n FROM generate_series(1, 3) n;
SET client_min_messages = warning;
CREATE TABLE tv_x AS SELECT pk_x, id, n, to_jsonb(name) AS data FROM tb_x;
RESET client_min_messages;
SELECT * FROM pg_tviews_verify('x');
-- Writes past the triggers: missing, extra, different; a key twice, with equal and with other rows.
SET session_replication_role = replica;
INSERT INTO tb_x VALUES (4, uid(4), 'missing', 4);
DELETE FROM tb_x WHERE pk_x = 2;
UPDATE tb_x SET n = 0 WHERE pk_x = 3;
RESET session_replication_role;
SELECT * FROM pg_tviews_verify('x');
SELECT pg_tviews_refresh('x');
SELECT * FROM pg_tviews_verify('x');
SET session_replication_role = replica;
INSERT INTO tb_x SELECT x.* FROM tb_x x, generate_series(1, 2) WHERE x.pk_x = 1;
RESET session_replication_role;
SELECT * FROM pg_tviews_verify('x');
DELETE FROM tb_x WHERE pk_x = 1;
SELECT * FROM pg_tviews_verify();
-- A table that does not have the columns of its definition is not compared.
ALTER EVENT TRIGGER pg_tviews_ddl_start DISABLE;
ALTER TABLE tv_x ALTER COLUMN n TYPE bigint;
SELECT pg_tviews_verify('x');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE tv_x DROP COLUMN n;
SELECT pg_tviews_verify('x');
ALTER TABLE tv_x ADD COLUMN n int;
ALTER TABLE tv_x RENAME COLUMN pk_x TO k;
SELECT pg_tviews_verify();
ALTER TABLE tv_x RENAME COLUMN k TO pk_x;
ALTER EVENT TRIGGER pg_tviews_ddl_start ENABLE;
SELECT * FROM pg_tviews_verify('x');
SELECT pg_tviews_refresh('x');
SELECT * FROM pg_tviews_verify('x');
SET client_min_messages = warning;
DROP SCHEMA verification CASCADE;
SELECT assert_gone();
