-- outer_joins - left, right and full joins, nested, with conditions in ON and in WHERE.
\a \t
\set SHOW_CONTEXT never
CREATE SCHEMA outer_joins;
SET search_path = outer_joins, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text, fk_boss int, active boolean DEFAULT true);
CREATE TABLE tb_profile (pk_profile int PRIMARY KEY, fk_user int UNIQUE, bio text, visible boolean DEFAULT true);
CREATE TABLE tb_badge (pk_badge int PRIMARY KEY, fk_profile int, label text);
INSERT INTO tb_user SELECT n, uid(n), 'user ' || n, n - 1 FROM generate_series(1, 5) n;
INSERT INTO tb_profile VALUES (1, 1, 'one'), (2, 3, 'three');
INSERT INTO tb_badge VALUES (1, 1, 'gold');

CREATE TABLE tv_left AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'bio', p.bio, 'badge', b.label, 'boss', boss.name) AS data
  FROM tb_user u
  LEFT JOIN tb_profile p ON p.fk_user = u.pk_user AND p.visible
  LEFT JOIN tb_badge b ON b.fk_profile = p.pk_profile
  LEFT JOIN tb_user boss ON boss.pk_user = u.fk_boss AND boss.active;
CREATE TABLE tv_right AS
SELECT u.pk_user, u.id, jsonb_build_object('bio', p.bio) AS data FROM tb_profile p RIGHT JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_nested AS
SELECT u.pk_user, u.id, jsonb_build_object('bio', p.bio, 'badge', b.label) AS data
  FROM tb_user u LEFT JOIN (tb_profile p JOIN tb_badge b ON b.fk_profile = p.pk_profile) ON p.fk_user = u.pk_user;
CREATE TABLE tv_anti AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name) AS data
  FROM tb_user u LEFT JOIN tb_profile p ON p.fk_user = u.pk_user WHERE p.pk_profile IS NULL;
CREATE TABLE tv_filtered AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'bio', p.bio) AS data
  FROM tb_user u LEFT JOIN tb_profile p ON p.fk_user = u.pk_user WHERE coalesce(p.visible, u.active);
CREATE TABLE tv_own_condition AS
SELECT u.pk_user, u.id, jsonb_build_object('bio', p.bio) AS data
  FROM tb_user u LEFT JOIN tb_profile p ON p.fk_user = u.pk_user AND u.active;
SELECT * FROM strategies('left');
SELECT pk_user, data FROM tv_left ORDER BY pk_user;
SELECT assert_exact();
-- a partner comes
INSERT INTO tb_profile VALUES (3, 2, 'two');
SELECT assert_exact();
INSERT INTO tb_badge VALUES (2, 2, 'silver'), (3, 3, 'bronze'), (4, 77, 'nobody');
SELECT assert_exact();
-- moves
UPDATE tb_profile SET fk_user = 5 WHERE pk_profile = 1;
SELECT assert_exact();
DELETE FROM tb_badge WHERE pk_badge = 1;
UPDATE tb_badge SET fk_profile = 1 WHERE pk_badge = 4;
SELECT assert_exact();
DELETE FROM tb_badge WHERE pk_badge = 4;
SELECT assert_exact();
-- is hidden, shown, goes
UPDATE tb_profile SET visible = false WHERE pk_profile = 3;
SELECT assert_exact();
UPDATE tb_profile SET visible = NULL WHERE pk_profile = 3;
SELECT assert_exact();
UPDATE tb_profile SET visible = true, bio = 'visible again' WHERE pk_profile = 3;
SELECT assert_exact();
UPDATE tb_user SET active = false WHERE pk_user IN (2, 4);
SELECT assert_exact();
UPDATE tb_user SET fk_boss = 5, name = 'renamed' WHERE pk_user = 1;
SELECT assert_exact();
DELETE FROM tb_user WHERE pk_user = 3;
SELECT assert_exact();
INSERT INTO tb_user VALUES (3, uid(3), 'three again', 3);
SELECT assert_exact();
UPDATE tb_profile SET fk_user = NULL;
SELECT assert_exact();
UPDATE tb_profile SET fk_user = pk_profile;
SELECT assert_exact();
SELECT pk_user, data FROM tv_left ORDER BY pk_user;
TRUNCATE tb_profile;
SELECT assert_exact();
SELECT pg_tviews_drop(entity) FROM pg_tview_meta ORDER BY entity;

-- FULL JOIN: the key of one side, and a coalesced key.
CREATE TABLE tb_stock (pk_item int PRIMARY KEY, id uuid, amount int);
CREATE TABLE tb_price (pk_item int PRIMARY KEY, id uuid, price numeric);
INSERT INTO tb_stock VALUES (1, uid(1), 10), (2, uid(2), 20), (3, uid(3), 30);
INSERT INTO tb_price VALUES (2, uid(2), 1.5), (3, uid(3), 2.50), (4, uid(4), 9);
SET client_min_messages = warning; -- announcements are tested in strategies
CREATE TABLE tv_item AS
SELECT coalesce(s.pk_item, p.pk_item) AS pk_item, coalesce(s.id, p.id) AS id, jsonb_build_object('amount', s.amount, 'price', p.price) AS data
  FROM tb_stock s FULL JOIN tb_price p ON p.pk_item = s.pk_item;
CREATE TABLE tv_merged AS
SELECT pk_item, coalesce(s.id, p.id) AS id, jsonb_build_object('amount', s.amount, 'price', p.price) AS data
  FROM tb_stock s FULL JOIN tb_price p USING (pk_item);
CREATE TABLE tv_one_side AS
SELECT s.pk_item, s.id, jsonb_build_object('amount', s.amount, 'price', p.price) AS data
  FROM tb_stock s FULL JOIN tb_price p ON p.pk_item = s.pk_item WHERE s.pk_item IS NOT NULL;
RESET client_min_messages;
SELECT pk_item, data FROM tv_item ORDER BY pk_item;
SELECT assert_exact();
INSERT INTO tb_stock VALUES (4, uid(4), 40), (5, uid(5), 50);
SELECT assert_exact();
DELETE FROM tb_price WHERE pk_item = 2;
DELETE FROM tb_stock WHERE pk_item = 3;
SELECT assert_exact();
UPDATE tb_price SET pk_item = 10 - pk_item;
SELECT assert_exact();
UPDATE tb_stock SET amount = 0;
UPDATE tb_price SET price = 2.5 WHERE price = 2.50;
SELECT assert_exact();
SELECT pk_item, data FROM tv_merged ORDER BY pk_item;
SELECT pg_tviews_drop(entity) FROM pg_tview_meta ORDER BY entity;

-- An outer join above an aggregate, below one, and left joins in a chain that an inner join ends.
CREATE TABLE tv_chain AS
SELECT u.pk_user, u.id, jsonb_build_object('bio', p.bio, 'badges', n.badges) AS data
  FROM tb_user u
  LEFT JOIN tb_profile p ON p.fk_user = u.pk_user
  LEFT JOIN (SELECT fk_profile, count(*) AS badges FROM tb_badge GROUP BY fk_profile) n ON n.fk_profile = p.pk_profile;
CREATE TABLE tv_below AS
SELECT u.pk_user, u.id, jsonb_agg(b.label ORDER BY b.label, b.pk_badge) AS data
  FROM tb_user u LEFT JOIN tb_profile p ON p.fk_user = u.pk_user LEFT JOIN tb_badge b ON b.fk_profile = p.pk_profile
 GROUP BY u.pk_user;
CREATE TABLE tv_ended AS
SELECT u.pk_user, u.id, to_jsonb(b.label) AS data
  FROM tb_user u LEFT JOIN tb_profile p ON p.fk_user = u.pk_user JOIN tb_badge b ON b.fk_profile = p.pk_profile;
SELECT assert_exact();
INSERT INTO tb_profile VALUES (1, 1, 'one'), (3, 5, 'five');
SELECT assert_exact();
INSERT INTO tb_badge VALUES (10, 1, 'tin');
SELECT assert_exact();
UPDATE tb_badge SET fk_profile = 3 WHERE pk_badge = 10; -- twice the key in one of them
SELECT assert_exact();
DELETE FROM tb_badge WHERE fk_profile = 3;
SELECT assert_exact();
UPDATE tb_badge SET fk_profile = 3 WHERE pk_badge = 10;
SELECT assert_exact();
DELETE FROM tb_badge;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA outer_joins CASCADE;
SELECT assert_gone();
