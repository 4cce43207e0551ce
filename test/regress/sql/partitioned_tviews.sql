-- partitioned_tviews - TVIEWs whose own table is partitioned: creation, maintenance, direct writes, partitions that come and go.
\a \t
CREATE SCHEMA partitioned_tviews;
SET search_path = partitioned_tviews, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
CREATE INDEX ON tb_post (fk_user);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 10) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 10, 'post ' || n FROM generate_series(1, 100) n;
CREATE FUNCTION layout(root regclass) RETURNS TABLE (partition text, bounds text, persistence text, options text, rows bigint) LANGUAGE plpgsql AS $$
DECLARE part pg_class;
BEGIN
  FOR part IN SELECT c.* FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = root ORDER BY c.oid LOOP
    partition := part.oid::regclass; bounds := pg_get_expr(part.relpartbound, part.oid); persistence := part.relpersistence; options := part.reloptions;
    EXECUTE format('SELECT count(*) FROM %s', part.oid::regclass) INTO rows;
    RETURN NEXT;
  END LOOP;
END $$;

-- by hash of the key, and by range of the first column of a longer one
SELECT pg_tviews_create('post', $$SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', jsonb_build_object('name', u.name)) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user$$, options => '{"partition_by": "hash", "partitions": 3, "fillfactor": 70, "data_gin_index": true}');
SELECT * FROM layout('tv_post');
SELECT indexrelid::regclass, indisprimary FROM pg_index WHERE indrelid IN ('tv_post'::regclass, 'tv_post_p2'::regclass) ORDER BY indexrelid::regclass::text COLLATE "C";
SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE tgrelid IN ('tv_post'::regclass, 'tv_post_p2'::regclass) ORDER BY tgrelid::regclass::text COLLATE "C", tgname;
SELECT pg_tviews_create('pair', 'SELECT p.fk_user, p.pk_post, p.title FROM tb_post p', key_columns => ARRAY['fk_user', 'pk_post'], options => '{"partition_by": "range", "bounds": [4, "8"], "unlogged": true}');
SELECT * FROM layout('tv_pair');
SELECT pg_tviews_create('named', 'SELECT u.name, count(p.pk_post) AS posts FROM tb_user u LEFT JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY u.name', key_columns => ARRAY['name'],
  options => '{"partition_by": "range", "bounds": ["user 2", "user 5''s"]}');
SELECT * FROM layout('tv_named');
SELECT options FROM pg_tview_meta WHERE entity IN ('post', 'pair') ORDER BY entity;
SELECT assert_exact();

-- what cannot be
SELECT error_of($$SELECT pg_tviews_create('x', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user', options => '$$ || o || $$')$$) FROM unnest(ARRAY[
  '{"partition_by": "list"}', '{"partition_by": null}', '{"partition_by": "hash"}', '{"partition_by": "hash", "partitions": 0}', '{"partition_by": "hash", "partitions": 2.5}',
  '{"partition_by": "hash", "partitions": 1e30}', '{"partition_by": "hash", "partitions": "2"}', '{"partitions": 2}', '{"bounds": [1]}', '{"partition_by": "range"}', '{"partition_by": "range", "bounds": []}',
  '{"partition_by": "range", "bounds": [null]}', '{"partition_by": "range", "bounds": [[1]]}', '{"partition_by": "range", "bounds": 5}', '{"partition_by": "range", "bounds": [1], "partitions": 2}',
  '{"partition_by": "range", "bounds": [5, 3]}', '{"partition_by": "range", "bounds": [5, 5]}', '{"partition_by": "range", "bounds": ["x"]}']) WITH ORDINALITY AS t (o, n) ORDER BY n;
CREATE TABLE tv_y_p1 (a int);
SELECT error_of($$SELECT pg_tviews_create('y', 'SELECT pk_user, id, to_jsonb(name) AS data FROM tb_user', options => '{"partition_by": "hash", "partitions": 2}')$$);
SELECT error_of($$SELECT pg_tviews_create('z', 'SELECT pk_user % 3 AS pk_z, id, to_jsonb(name) AS data FROM tb_user', options => '{"partition_by": "hash", "partitions": 2}')$$);
SELECT count(*) FROM pg_class WHERE relnamespace = 'partitioned_tviews'::regnamespace AND relname ~ '^(tv|v)_[xyz]';
-- names of 63 bytes
SELECT pg_tviews_create(repeat('n', 60), 'SELECT pk_user AS pk_n, id, to_jsonb(name) AS data FROM tb_user', options => '{"partition_by": "hash", "partitions": 2}');
SELECT partition, rows FROM layout(('tv_' || repeat('n', 60))::regclass);
SELECT pg_tviews_drop(repeat('n', 60));

-- maintenance: one row, a patch, some, many, keys that come, go and change
UPDATE tb_post SET title = 'changed' WHERE pk_post = 7;
SELECT assert_exact();
UPDATE tb_user SET name = 'renamed' WHERE pk_user = 3;
SELECT assert_exact();
UPDATE tb_user SET name = name || '!';
SELECT assert_exact();
UPDATE tb_post SET fk_user = 11 - fk_user WHERE pk_post % 2 = 0;
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post % 3 = 0;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 10, 'post ' || n FROM generate_series(101, 200) n;
UPDATE tb_post SET pk_post = pk_post + 1000 WHERE pk_post < 20;
SELECT assert_exact();
TRUNCATE tb_post;
SELECT assert_exact();
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 10, 'post ' || n FROM generate_series(1, 100) n;
SELECT assert_exact();
SELECT pg_tviews_refresh('post'), pg_tviews_refresh('pair');
-- a row is read, and reported, in its partition
BEGIN;
UPDATE tb_user SET name = 'in mid-transaction' WHERE pk_user = 3;
SELECT DISTINCT data -> 'author' FROM tv_post_p1 WHERE fk_user = 3;
SELECT jsonb_array_length(pg_tviews_flush_and_report() -> 'updated');
ROLLBACK;
BEGIN;
UPDATE tb_user SET name = 'to be copied' WHERE pk_user = 4;
\copy (SELECT DISTINCT data -> 'author' FROM tv_post_p0 WHERE fk_user = 4) TO stdout
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE tb_user SET name = 'repeatable ' || pk_user;
SELECT count(DISTINCT data -> 'author') FROM tv_post;
UPDATE tb_post SET title = 'repeatable' WHERE pk_post = 5;
SELECT data FROM tv_post WHERE pk_post = 5;
COMMIT;
SELECT assert_exact();
-- a key that comes twice
SELECT pg_tviews_create('twice', 'SELECT p.fk_user AS pk_twice, p.id, to_jsonb(p.title) AS data FROM tb_post p WHERE p.pk_post <= 10', options => '{"partition_by": "hash", "partitions": 2}');
SELECT error_of('UPDATE tb_post SET fk_user = 1 WHERE pk_post = 1; SET CONSTRAINTS ALL IMMEDIATE; SELECT pg_tviews_flush()');
SELECT pg_tviews_drop('twice');

-- direct writes are refused on partitions, too
SELECT error_of(s) FROM unnest(ARRAY['INSERT INTO tv_post_p1 SELECT * FROM tv_post_p1', 'UPDATE tv_post_p1 SET data = NULL', 'DELETE FROM tv_post_p1 WHERE false', 'TRUNCATE tv_post_p1', 'TRUNCATE tv_post',
  'MERGE INTO tv_post_p1 USING tb_user ON false WHEN NOT MATCHED THEN INSERT (pk_post) VALUES (1)', 'INSERT INTO tv_post VALUES (1)']) WITH ORDINALITY AS t (s, n) ORDER BY n;
SET pg_tviews.allow_direct_writes = on;
DELETE FROM tv_post_p1 WHERE fk_user = 1;
UPDATE tv_post_p2 SET data = NULL WHERE fk_user = 2;
RESET pg_tviews.allow_direct_writes;
SELECT missing > 0, different > 0 FROM pg_tviews_verify('post');
SELECT pg_tviews_refresh('post') > 0;
SELECT assert_exact();

-- a TVIEW on a partitioned TVIEW, and on one of its partitions
CREATE TABLE tv_author AS SELECT u.pk_user AS pk_author, u.id, jsonb_build_object('posts', (SELECT jsonb_agg(p.data ORDER BY p.pk_post) FROM tv_post p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;
CREATE TABLE tv_part AS SELECT p.pk_post AS pk_part, p.id, p.data FROM tv_post_p1 p;
SELECT * FROM pg_tviews_show_cascade_path('part');
SELECT * FROM pg_tviews_show_cascade_path('author');
UPDATE tb_post SET title = 'cascaded' WHERE pk_post < 30;
SELECT assert_exact();
BEGIN;
UPDATE tb_user SET name = 'cascade ' || pk_user;
SELECT count(DISTINCT data -> 'author') FROM tv_part;
SELECT count(DISTINCT data #> '{posts,0,author}') FROM tv_author;
COMMIT;
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post % 10 = 1;
SELECT assert_exact();
SELECT error_of($$SELECT pg_tviews_replace('post', 'SELECT p.pk_part AS pk_post, p.id, 1 AS fk_user, p.data FROM tv_part p')$$);

-- replacing: columns that go, come and change; the partitions stay, new ones have other attribute numbers
SELECT pg_tviews_replace('post', $$SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', jsonb_build_object('name', u.name)) AS data, length(p.title) AS extra
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user$$);
SELECT pg_tviews_drop('part'), pg_tviews_drop('author');
SELECT pg_tviews_replace('post', $$SELECT p.pk_post, p.fk_user, p.id, upper(p.title) AS extra, jsonb_build_object('title', p.title, 'author', jsonb_build_object('name', u.name)) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user$$, '{"data_gin_index": true}');
SELECT options FROM pg_tview_meta WHERE entity = 'post';
SELECT error_of($$SELECT pg_tviews_replace('post', 'SELECT pk_post, id, fk_user, to_jsonb(title) AS data FROM tb_post', '{"partition_by": "hash", "partitions": 4}')$$);
SELECT error_of($$SELECT pg_tviews_replace('pair', 'SELECT fk_user, pk_post, title FROM tb_post', '{"partition_by": "range", "bounds": [4, 9]}')$$);
SELECT assert_exact();
BEGIN;
ALTER TABLE tv_post DETACH PARTITION tv_post_p1;
CREATE TABLE tv_post_p1a PARTITION OF tv_post FOR VALUES WITH (MODULUS 6, REMAINDER 1);
CREATE TABLE tv_post_p1b (extra text, id uuid, pk_post int NOT NULL, fk_user int, data jsonb);
ALTER TABLE tv_post ATTACH PARTITION tv_post_p1b FOR VALUES WITH (MODULUS 6, REMAINDER 4);
COMMIT;
SELECT attrelid::regclass, attname, attnum FROM pg_attribute WHERE attrelid IN ('tv_post'::regclass, 'tv_post_p1a'::regclass, 'tv_post_p1b'::regclass) AND attnum > 0 AND NOT attisdropped
  ORDER BY attrelid::regclass::text COLLATE "C", attnum;
SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE tgrelid::regclass::text ~ 'tv_post_p1' ORDER BY tgrelid::regclass::text COLLATE "C", tgname;
SELECT * FROM layout('tv_post');
SELECT assert_exact();
-- with user triggers, generated columns and defaults
ALTER TABLE tv_post ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('simple', data ->> 'title')) STORED, ADD COLUMN seen int DEFAULT 7;
CREATE TABLE log (partition text, operation text, pk int);
CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (TG_RELNAME, TG_OP, coalesce(new.pk_post, old.pk_post)); RETURN NULL; END $$;
UPDATE tb_user SET name = 'without trigger ' || pk_user;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 10, 'more ' || n FROM generate_series(301, 320) n;
SELECT assert_exact();
SELECT count(*), count(seen), count(words) FROM tv_post WHERE pk_post > 300;
CREATE TRIGGER log AFTER INSERT OR UPDATE OR DELETE ON tv_post FOR EACH ROW EXECUTE FUNCTION log();
UPDATE tb_user SET name = 'with trigger' WHERE pk_user = 5;
UPDATE tb_post SET title = 'of one' WHERE pk_post IN (302, 303);
DELETE FROM tb_post WHERE pk_post = 304;
INSERT INTO tb_post SELECT n, uid(n), 1, 'new' FROM generate_series(401, 403) n;
SELECT assert_exact();
SELECT operation, count(*), count(DISTINCT partition) > 1 FROM log GROUP BY 1 ORDER BY 1;
DROP TRIGGER log ON tv_post;
-- on one partition only
TRUNCATE log;
CREATE TRIGGER log AFTER INSERT OR UPDATE OR DELETE ON tv_post_p1b FOR EACH ROW EXECUTE FUNCTION log();
UPDATE tb_post SET title = title || ' with p1b' WHERE pk_post > 300;
SELECT DISTINCT partition, operation FROM log;
SELECT count(*) = (SELECT count(*) FROM tv_post_p1b WHERE pk_post > 300) FROM log;
SELECT count(*) FROM tv_post WHERE pk_post > 300 AND words @@ 'p1b';
SELECT assert_exact();
SELECT error_of('CREATE TRIGGER before BEFORE UPDATE ON tv_post_p1b FOR EACH ROW EXECUTE FUNCTION log()');
DROP TRIGGER log ON tv_post_p1b;

-- a partition that goes leaves rows without a place: nobody loses them without a word
SELECT regexp_replace(error_of('ALTER TABLE tv_post DETACH PARTITION tv_post_p2; SELECT pg_tviews_flush()'), '=\(\d+\)', '=(...)');
SELECT regexp_replace(error_of('DROP TABLE tv_post_p2; SELECT pg_tviews_flush()'), '=\(\d+\)', '=(...)');
\set VERBOSITY terse
BEGIN;
ALTER TABLE tv_post DETACH PARTITION tv_post_p2;
COMMIT;
DROP TABLE tv_post_p2;
SELECT error_of('ALTER TABLE tv_post DETACH PARTITION tv_post_p2 CONCURRENTLY');
SELECT error_of('CREATE TABLE sub PARTITION OF tv_pair DEFAULT PARTITION BY HASH (pk_post)');
CREATE TABLE sub (fk_user int NOT NULL, pk_post int NOT NULL, title text) PARTITION BY HASH (pk_post);
SELECT error_of('ALTER TABLE tv_pair ATTACH PARTITION sub DEFAULT');
SELECT assert_exact();
-- one that is attached comes with other rows
BEGIN;
ALTER TABLE tv_pair DETACH PARTITION tv_pair_p2;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'tv_pair_p2'::regclass;
UPDATE tv_pair_p2 SET title = 'written' WHERE pk_post % 2 = 0;
DELETE FROM tv_pair_p2 WHERE pk_post % 5 = 0;
INSERT INTO tv_pair_p2 VALUES (50, 50, 'too many');
ALTER TABLE tv_pair ATTACH PARTITION tv_pair_p2 FOR VALUES FROM (8) TO (1000);
SELECT count(*) FROM tv_pair WHERE title IN ('written', 'too many');
COMMIT;
SELECT assert_exact();
-- a key beyond all partitions, wanted and not
INSERT INTO tb_post VALUES (500, uid(500), 999, 'last');
INSERT INTO tb_post VALUES (501, uid(501), 1000, 'too far');
BEGIN;
INSERT INTO tb_post VALUES (501, uid(501), 1000, 'too far');
DELETE FROM tb_post WHERE pk_post = 501;
COMMIT;
CREATE TABLE tv_pair_rest PARTITION OF tv_pair DEFAULT;
INSERT INTO tb_post VALUES (501, uid(501), 1000, 'far');
SELECT * FROM layout('tv_pair');
SELECT assert_exact();

-- owner, name and schema
CREATE ROLE regress_tviews_part NOLOGIN;
GRANT ALL ON SCHEMA partitioned_tviews TO regress_tviews_part;
GRANT SELECT ON tb_user, tb_post TO regress_tviews_part;
CREATE SCHEMA partitioned_elsewhere AUTHORIZATION regress_tviews_part;
ALTER TABLE tv_pair OWNER TO regress_tviews_part;
SELECT relname, relowner::regrole FROM pg_class WHERE relname ~ 'v_pair' AND relkind IN ('r', 'p', 'v') ORDER BY 1;
ALTER TABLE tv_pair RENAME TO tv_couple;
ALTER TABLE tv_couple SET SCHEMA partitioned_elsewhere;
SELECT oid::regclass FROM pg_class WHERE relname ~ 'v_couple' AND relkind IN ('r', 'p', 'v') ORDER BY oid::regclass::text COLLATE "C";
UPDATE tb_post SET title = 'moved';
SELECT assert_exact();

-- health check and repair of the guards of partitions
ALTER TABLE tv_post_p2 DISABLE TRIGGER tview_guard_partition;
DROP TRIGGER tview_guard_partition ON tv_post_p0;
SELECT message FROM pg_tviews_health_check() WHERE check_name = 'missing_triggers' ORDER BY 1;
SELECT pg_tviews_reinstall_triggers('post');
SELECT message FROM pg_tviews_health_check() WHERE status <> 'OK' ORDER BY 1;

-- and all of it goes
SELECT pg_tviews_drop('post');
DROP TABLE tv_named;
DROP SCHEMA partitioned_elsewhere CASCADE;
SELECT relname FROM pg_class WHERE relnamespace = 'partitioned_tviews'::regnamespace AND relkind IN ('r', 'p', 'v') ORDER BY 1;
SELECT tgname FROM pg_trigger WHERE tgrelid IN ('tb_post'::regclass, 'tb_user'::regclass) AND NOT tgisinternal;
DROP SCHEMA partitioned_tviews CASCADE;
DROP ROLE regress_tviews_part;
