-- windows - window functions: a row changes what is computed for the other rows of its partition.
\a \t
CREATE SCHEMA windows;
SET search_path = windows, public;
CREATE TABLE tb_player (pk_player int PRIMARY KEY, id uuid NOT NULL, team text, score int, name text);
CREATE TABLE tb_team (team text PRIMARY KEY, color text);
INSERT INTO tb_team VALUES ('a', 'red'), ('b', 'blue');
INSERT INTO tb_player SELECT n, uid(n), CASE n % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' END, n % 4, 'player ' || n FROM generate_series(1, 9) n;
CREATE TABLE tv_rank AS
SELECT pk_player, id, jsonb_build_object('name', name, 'rank', rank() OVER w, 'number', row_number() OVER (PARTITION BY team ORDER BY score DESC, pk_player),
                                         'share', sum(score) OVER (PARTITION BY team), 'before', lag(name) OVER (PARTITION BY team ORDER BY pk_player)) AS data
  FROM tb_player WINDOW w AS (PARTITION BY team ORDER BY score DESC);
CREATE TABLE tv_all AS SELECT pk_player, id, to_jsonb(rank() OVER (ORDER BY score DESC)) AS data FROM tb_player;
CREATE TABLE tv_two AS
SELECT pk_player, id, jsonb_build_object('in_team', count(*) OVER (PARTITION BY team), 'same_score', count(*) OVER (PARTITION BY score)) AS data FROM tb_player;
CREATE TABLE tv_frames AS
SELECT pk_player, id, jsonb_build_object('near', array_agg(score) OVER (PARTITION BY team ORDER BY pk_player ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING),
           'range', sum(pk_player) OVER (PARTITION BY team ORDER BY score RANGE BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW),
           'groups', count(*) OVER (PARTITION BY team ORDER BY score GROUPS 1 PRECEDING)) AS data FROM tb_player;
CREATE TABLE tv_best AS
SELECT p.pk_player, p.id, jsonb_build_object('color', t.color, 'place', p.place) AS data
  FROM (SELECT pk_player, id, team, row_number() OVER (PARTITION BY team ORDER BY score DESC, pk_player) AS place FROM tb_player) p
  LEFT JOIN tb_team t ON t.team = p.team WHERE p.place <= 2;
CREATE TABLE tv_of_groups AS
SELECT min(pk_player) AS pk_of_groups, uid(min(pk_player)) AS id, jsonb_build_object('team', team, 'sum', sum(score), 'rank', rank() OVER (ORDER BY sum(score))) AS data FROM tb_player GROUP BY team;
CREATE TABLE tv_ties AS SELECT pk_player, id, to_jsonb(row_number() OVER (PARTITION BY team ORDER BY score)) AS data FROM tb_player;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_player, data FROM tv_rank ORDER BY pk_player;
SELECT pk_player, data FROM tv_best ORDER BY pk_player;
SELECT assert_exact();
UPDATE tb_player SET score = 10 WHERE pk_player = 3;
SELECT assert_exact();
UPDATE tb_player SET team = 'b' WHERE pk_player = 6;
SELECT assert_exact();
UPDATE tb_player SET team = NULL WHERE pk_player = 3;
SELECT assert_exact();
UPDATE tb_player SET name = 'renamed' WHERE pk_player = 1;
SELECT assert_exact();
INSERT INTO tb_player VALUES (10, uid(10), 'b', 10, 'ten'), (11, uid(11), 'c', 0, 'eleven'), (12, uid(12), NULL, NULL, NULL);
SELECT assert_exact();
DELETE FROM tb_player WHERE pk_player IN (4, 9);
SELECT assert_exact();
UPDATE tb_player SET pk_player = 100 - pk_player WHERE pk_player IN (7, 10);
SELECT assert_exact();
UPDATE tb_team SET color = 'green', team = 'c' WHERE team = 'b';
SELECT assert_exact();
UPDATE tb_player SET score = 1;
SELECT assert_exact();
SELECT pk_player, data FROM tv_ties ORDER BY pk_player;
TRUNCATE tb_player;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA windows CASCADE;
SELECT assert_gone();
