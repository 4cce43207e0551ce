-- distinct - DISTINCT and DISTINCT ON, on top, in subqueries and in aggregates.
\a \t
CREATE SCHEMA distinct_;
SET search_path = distinct_, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_login (pk_login int PRIMARY KEY, fk_user int, device text, at int);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_login SELECT n, 1 + n % 2, 'device ' || n % 3, n FROM generate_series(1, 8) n;
CREATE TABLE tv_distinct AS SELECT DISTINCT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u JOIN tb_login l ON l.fk_user = u.pk_user;
CREATE TABLE tv_latest AS SELECT DISTINCT ON (u.pk_user) u.pk_user, u.id, jsonb_build_object('device', l.device, 'at', l.at) AS data
  FROM tb_user u JOIN tb_login l ON l.fk_user = u.pk_user ORDER BY u.pk_user, l.at DESC;
CREATE TABLE tv_unsorted AS SELECT DISTINCT ON (fk_user) fk_user AS pk_unsorted, uid(fk_user) AS id, to_jsonb(device) AS data FROM tb_login WHERE fk_user IS NOT NULL;
CREATE TABLE tv_devices AS SELECT u.pk_user, u.id, (SELECT jsonb_agg(d.device ORDER BY d.device) FROM (SELECT DISTINCT device FROM tb_login l WHERE l.fk_user = u.pk_user) d) AS data FROM tb_user u;
CREATE TABLE tv_joined AS SELECT u.pk_user, u.id, jsonb_build_object('n', count(*)) AS data
  FROM tb_user u JOIN (SELECT DISTINCT fk_user, device FROM tb_login) d ON d.fk_user = u.pk_user GROUP BY u.pk_user;
CREATE TABLE tv_first AS SELECT u.pk_user, u.id, to_jsonb(f.device) AS data
  FROM tb_user u LEFT JOIN (SELECT DISTINCT ON (fk_user) fk_user, device FROM tb_login ORDER BY fk_user, at) f ON f.fk_user = u.pk_user;
SELECT pg_tviews_create('pair', 'SELECT DISTINCT fk_user, device FROM tb_login', key_columns => '{fk_user,device}');
SELECT pg_tviews_create('device', 'SELECT DISTINCT ON (device) device, fk_user FROM tb_login ORDER BY device, at DESC', key_columns => '{device}');
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_user, data FROM tv_latest ORDER BY pk_user;
SELECT * FROM tv_device ORDER BY device;
SELECT assert_exact();
INSERT INTO tb_login VALUES (9, 3, 'device 0', 1), (10, 1, 'device 1', 99);
SELECT assert_exact();
UPDATE tb_login SET at = 100 WHERE pk_login = 2;
SELECT assert_exact();
UPDATE tb_login SET at = 100;
SELECT assert_exact();
SELECT pk_user, data FROM tv_latest ORDER BY pk_user;
UPDATE tb_login SET device = 'device 9' WHERE pk_login = 2;
SELECT assert_exact();
UPDATE tb_login SET fk_user = 3 - fk_user WHERE pk_login < 5;
SELECT assert_exact();
DELETE FROM tb_login WHERE fk_user = 1;
SELECT assert_exact();
UPDATE tb_user SET name = 'x', pk_user = 9 WHERE pk_user = 2;
SELECT assert_exact();
UPDATE tb_login SET fk_user = 9;
SELECT assert_exact();
TRUNCATE tb_login;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA distinct_ CASCADE;
SELECT assert_gone();
