-- transactions - savepoints, exceptions, procedures that commit, cursors, prepared statements and transactions.
\a \t
CREATE SCHEMA transactions;
SET search_path = transactions, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_post SELECT n, uid(n), 1 + n % 3, 'post ' || n FROM generate_series(1, 6) n;
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.name) AS data
  FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', (SELECT jsonb_agg(p.data->'title' ORDER BY p.pk_post) FROM tv_post p WHERE p.fk_user = u.pk_user)) AS data FROM tb_user u;

-- rolled back whole, before and after a read
BEGIN;
UPDATE tb_user SET name = 'gone';
ROLLBACK;
SELECT assert_exact();
BEGIN;
UPDATE tb_user SET name = 'gone';
SELECT assert_exact();
ROLLBACK;
SELECT assert_exact();
-- savepoints: undone before a read, after a read, released, nested
BEGIN;
UPDATE tb_user SET name = 'kept' WHERE pk_user = 1;
SAVEPOINT a;
UPDATE tb_user SET name = 'undone' WHERE pk_user = 2;
ROLLBACK TO a;
SELECT assert_exact();
UPDATE tb_user SET name = 'undone' WHERE pk_user = 1;
SELECT assert_exact();
ROLLBACK TO a;
SELECT assert_exact();
UPDATE tb_post SET fk_user = 2 WHERE pk_post = 1;
SAVEPOINT b;
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post = 2;
RELEASE b;
SELECT assert_exact();
INSERT INTO tb_post VALUES (10, uid(10), 1, 'ten');
COMMIT;
SELECT assert_exact();
-- a read inside the savepoint flushes what was queued outside: ROLLBACK TO must queue it again
BEGIN;
UPDATE tb_user SET name = 'outside' WHERE pk_user = 3;
SAVEPOINT a;
SELECT assert_exact();
ROLLBACK TO a;
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
BEGIN;
UPDATE tb_user SET name = 'outside again' WHERE pk_user = 3;
SAVEPOINT a;
SELECT count(*) FROM tv_user;
ROLLBACK TO a;
COMMIT;
SELECT assert_exact();
BEGIN;
INSERT INTO tb_post VALUES (11, uid(11), 3, 'eleven');
SAVEPOINT a;
DELETE FROM tb_post WHERE pk_post = 11;
SAVEPOINT b;
SELECT assert_exact();
INSERT INTO tb_post VALUES (11, uid(11), 2, 'again');
SELECT assert_exact();
ROLLBACK TO b;
SELECT assert_exact();
ROLLBACK TO a;
SELECT assert_exact();
RELEASE a;
COMMIT;
SELECT assert_exact();
-- an error inside a savepoint, and one after a read
BEGIN;
UPDATE tb_user SET name = 'before the error' WHERE pk_user = 2;
SAVEPOINT a;
UPDATE tb_user SET name = 'in the savepoint' WHERE pk_user = 2;
SELECT count(*) FROM tv_post;
SELECT 1 / 0;
SELECT count(*) FROM tv_post;
ROLLBACK TO a;
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
-- EXCEPTION blocks
DO $$
BEGIN
    FOR i IN 1..5 LOOP
        BEGIN
            UPDATE tb_user SET name = 'block ' || i WHERE pk_user = 1 + i % 3;
            IF i % 2 = 0 THEN PERFORM count(*) FROM tv_user; END IF;
            IF i > 2 THEN RAISE EXCEPTION 'undo %', i; END IF;
        EXCEPTION WHEN OTHERS THEN
            RAISE NOTICE '%: %', SQLERRM, assert_exact();
        END;
    END LOOP;
END
$$;
SELECT assert_exact();
SELECT name FROM tb_user ORDER BY pk_user;
-- many subtransactions
DO $$
BEGIN
    FOR i IN 1..200 LOOP
        BEGIN
            INSERT INTO tb_post VALUES (1000 + i, uid(1000 + i), 1 + i % 3, 'sub ' || i);
            IF i % 3 = 0 THEN RAISE division_by_zero; END IF;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
END
$$;
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post > 1000;
-- procedures with COMMIT and ROLLBACK inside
CREATE PROCEDURE steps() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_user SET name = 'step 1' WHERE pk_user = 1;
    COMMIT;
    RAISE NOTICE '%', assert_exact();
    UPDATE tb_user SET name = 'step 2' WHERE pk_user = 2;
    PERFORM count(*) FROM tv_post;
    ROLLBACK;
    RAISE NOTICE '%', assert_exact();
    UPDATE tb_user SET name = 'step 3' WHERE pk_user = 3;
    COMMIT AND CHAIN;
    INSERT INTO tb_post VALUES (12, uid(12), 3, 'twelve');
    RAISE NOTICE '%', assert_exact();
    FOR i IN 1..3 LOOP
        UPDATE tb_post SET title = 'loop ' || i WHERE pk_post = 12;
        IF i = 2 THEN ROLLBACK; ELSE COMMIT; END IF;
    END LOOP;
END
$$;
CALL steps();
SELECT assert_exact();
SELECT name, data FROM tb_user JOIN tv_user USING (pk_user) ORDER BY pk_user;
DO $$ BEGIN UPDATE tb_user SET name = 'do 1' WHERE pk_user = 1; COMMIT; UPDATE tb_user SET name = 'do 2' WHERE pk_user = 1; ROLLBACK; END $$;
SELECT assert_exact();
-- cursors: opened before the write they see the old state, opened after it the new one
BEGIN;
DECLARE old_state CURSOR FOR SELECT data->>'author' FROM tv_post WHERE pk_post = 3;
UPDATE tb_user SET name = 'cursor' WHERE pk_user = 1;
DECLARE new_state CURSOR WITH HOLD FOR SELECT data->>'author' FROM tv_post WHERE pk_post = 3;
FETCH ALL FROM new_state;
FETCH ALL FROM old_state;
SELECT data->>'author' FROM tv_post WHERE pk_post = 3;
DECLARE hold_dirty CURSOR WITH HOLD FOR SELECT data->>'author' FROM tv_post WHERE pk_post = 3;
UPDATE tb_user SET name = 'after the cursors' WHERE pk_user = 1;
COMMIT;
FETCH ALL FROM hold_dirty;
CLOSE hold_dirty;
CLOSE new_state;
SELECT assert_exact();
BEGIN;
DECLARE scroll SCROLL CURSOR FOR SELECT pk_post, data->>'author' FROM tv_post ORDER BY pk_post;
FETCH 2 FROM scroll;
UPDATE tb_user SET name = 'in the middle';
SELECT DISTINCT data->>'author' FROM tv_post;
FETCH BACKWARD 1 FROM scroll;
COMMIT;
SELECT assert_exact();
DO $$
DECLARE r record;
BEGIN
    FOR r IN SELECT pk_post, data->>'title' AS title FROM tv_post ORDER BY pk_post LIMIT 3 LOOP
        UPDATE tb_post SET title = 'was ' || r.title WHERE pk_post = r.pk_post;
    END LOOP;
END
$$;
SELECT assert_exact();
-- prepared statements, also when they become generic, and after the TVIEW was made anew
PREPARE rename (int, text) AS UPDATE tb_user SET name = $2 WHERE pk_user = $1;
PREPARE look (int) AS SELECT data->>'author' FROM tv_post WHERE pk_post = $1;
BEGIN;
EXECUTE rename (1, 'p1'); EXECUTE look (3);
EXECUTE rename (1, 'p2'); EXECUTE look (3);
EXECUTE rename (1, 'p3'); EXECUTE look (3);
EXECUTE rename (1, 'p4'); EXECUTE look (3);
EXECUTE rename (1, 'p5'); EXECUTE look (3);
EXECUTE rename (1, 'p6'); EXECUTE look (3);
EXECUTE rename (1, 'p7'); EXECUTE look (3);
COMMIT;
SELECT assert_exact();
SET plan_cache_mode = force_generic_plan;
BEGIN;
EXECUTE rename (1, 'generic'); EXECUTE look (3);
COMMIT;
RESET plan_cache_mode;
DEALLOCATE ALL;
-- isolation levels
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE tb_user SET name = 'repeatable' WHERE pk_user = 1;
SELECT assert_exact();
UPDATE tb_user SET name = 'repeatable twice' WHERE pk_user = 1;
COMMIT;
SELECT assert_exact();
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT assert_exact();
DELETE FROM tb_post WHERE pk_post = 12;
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
BEGIN READ ONLY;
SELECT assert_exact();
COMMIT;
BEGIN;
UPDATE tb_user SET name = 'then read only' WHERE pk_user = 1;
SET TRANSACTION READ ONLY;
SELECT assert_exact();
COMMIT;
SELECT assert_exact();
-- PREPARE TRANSACTION flushes; nothing is left to do at COMMIT PREPARED
BEGIN;
UPDATE tb_user SET name = 'prepared' WHERE pk_user = 1;
INSERT INTO tb_post VALUES (20, uid(20), 1, 'twenty');
PREPARE TRANSACTION 'regress_tviews';
COMMIT PREPARED 'regress_tviews';
SELECT assert_exact();
BEGIN;
UPDATE tb_user SET name = 'not prepared' WHERE pk_user = 1;
SELECT assert_exact();
DELETE FROM tb_post;
PREPARE TRANSACTION 'regress_tviews';
ROLLBACK PREPARED 'regress_tviews';
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA transactions CASCADE;
SELECT assert_gone();
