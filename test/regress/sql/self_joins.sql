-- self_joins - one table in several roles: parents, children, both, grandparents, siblings.
\a \t
CREATE SCHEMA self_joins;
SET search_path = self_joins, public;
CREATE TABLE tb_node (pk_node int PRIMARY KEY, id uuid NOT NULL, fk_parent int, name text);
INSERT INTO tb_node SELECT n, uid(n), nullif(n / 2, 0), 'node ' || n FROM generate_series(1, 9) n;
CREATE TABLE tv_parent AS
SELECT n.pk_node, n.id, n.fk_parent, jsonb_build_object('name', n.name, 'parent', p.name, 'grandparent', g.name) AS data
  FROM tb_node n LEFT JOIN tb_node p ON p.pk_node = n.fk_parent LEFT JOIN tb_node g ON g.pk_node = p.fk_parent;
CREATE TABLE tv_children AS
SELECT n.pk_node, n.id, jsonb_build_object('name', n.name, 'children',
       coalesce(jsonb_agg(c.name ORDER BY c.pk_node) FILTER (WHERE c.pk_node IS NOT NULL), '[]')) AS data
  FROM tb_node n LEFT JOIN tb_node c ON c.fk_parent = n.pk_node GROUP BY n.pk_node;
CREATE TABLE tv_siblings AS
SELECT n.pk_node, n.id, jsonb_build_object('siblings',
       (SELECT count(*) FROM tb_node s WHERE s.fk_parent = n.fk_parent AND s.pk_node <> n.pk_node),
       'uncles', (SELECT jsonb_agg(u.name ORDER BY u.pk_node) FROM tb_node p JOIN tb_node u ON u.fk_parent = p.fk_parent
                   WHERE p.pk_node = n.fk_parent AND u.pk_node <> p.pk_node)) AS data
  FROM tb_node n;
CREATE TABLE tv_inner AS
SELECT c.pk_node, c.id, to_jsonb(p.name || '/' || c.name) AS data FROM tb_node p JOIN tb_node c ON c.fk_parent = p.pk_node;
SELECT * FROM strategies('parent');
SELECT pk_node, data FROM tv_parent ORDER BY pk_node;
SELECT pk_node, data FROM tv_siblings ORDER BY pk_node;
SELECT assert_exact();
UPDATE tb_node SET name = 'root' WHERE pk_node = 1;
SELECT assert_exact();
UPDATE tb_node SET fk_parent = 3 WHERE pk_node = 4;
SELECT assert_exact();
INSERT INTO tb_node VALUES (10, uid(10), 10, 'its own parent'), (11, uid(11), 12, 'orphan');
SELECT assert_exact();
INSERT INTO tb_node VALUES (12, uid(12), 1, 'late parent');
SELECT assert_exact();
UPDATE tb_node SET fk_parent = pk_node WHERE pk_node = 2;
SELECT assert_exact();
DELETE FROM tb_node WHERE pk_node = 3;
SELECT assert_exact();
UPDATE tb_node SET pk_node = 3 WHERE pk_node = 12;
SELECT assert_exact();
-- a cycle of two, and swapping ends
UPDATE tb_node SET fk_parent = CASE pk_node WHEN 5 THEN 6 ELSE 5 END WHERE pk_node IN (5, 6);
SELECT assert_exact();
BEGIN;
UPDATE tb_node SET fk_parent = 8 WHERE pk_node = 9;
UPDATE tb_node SET fk_parent = 9, name = 'eight' WHERE pk_node = 8;
UPDATE tb_node SET name = 'nine' WHERE pk_node = 9;
DELETE FROM tb_node WHERE pk_node = 1;
SELECT assert_exact();
ROLLBACK;
SELECT assert_exact();
UPDATE tb_node SET fk_parent = NULL;
SELECT assert_exact();
UPDATE tb_node SET fk_parent = 1;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA self_joins CASCADE;
SELECT assert_gone();
