-- A column that a subquery orders by, and returns although nobody reads it, decides which rows it returns.
CREATE TABLE tb_player (pk_player int PRIMARY KEY, id uuid DEFAULT gen_random_uuid());
CREATE TABLE tb_score (pk_score int PRIMARY KEY, fk_player int, label text, points int);
INSERT INTO tb_player (pk_player) VALUES (1), (2);
INSERT INTO tb_score VALUES (1, 1, 'a', 1), (2, 1, 'b', 2), (3, 2, 'c', 3);
CREATE TABLE tv_player AS
    SELECT p.pk_player, p.id, jsonb_build_object('lowest', l.label, 'ranked', r.labels) AS data
    FROM tb_player p
    LEFT JOIN LATERAL (SELECT s.label, s.points FROM tb_score s WHERE s.fk_player = p.pk_player
                       ORDER BY s.points LIMIT 1) l ON true
    LEFT JOIN (SELECT w.fk_player, jsonb_agg(w.label ORDER BY w.place) AS labels
               FROM (SELECT s.fk_player, s.label, s.points,
                            row_number() OVER (PARTITION BY s.fk_player ORDER BY s.points) AS place
                     FROM tb_score s) w
               GROUP BY w.fk_player) r ON r.fk_player = p.pk_player;
-- Aggregates without an order of their own take the rows of such a subquery in its order.
CREATE TABLE tv_list AS
    SELECT p.pk_player AS pk_list, p.id,
           jsonb_build_object('returned', (SELECT jsonb_agg(x.label) FROM (SELECT s.label, s.points, s.fk_player FROM tb_score s ORDER BY s.points) x
                                            WHERE x.fk_player = p.pk_player),
                              'not returned', (SELECT jsonb_agg(x.label) FROM (SELECT s.label, s.fk_player FROM tb_score s ORDER BY s.points) x
                                                WHERE x.fk_player = p.pk_player)) AS data
    FROM tb_player p;
UPDATE tb_score SET points = 9 WHERE pk_score = 1;
SELECT pk_player, data FROM tv_player ORDER BY 1;
SELECT pk_list, data FROM tv_list ORDER BY 1;
SELECT * FROM pg_tviews_verify() ORDER BY entity;
DROP TABLE tv_player, tv_list;
DROP TABLE tb_player, tb_score;
