-- Five levels, each with ten times as many rows: :top companies, and :top * 10000 posts.
CREATE TABLE tb_company (pk_company integer PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text NOT NULL);
CREATE TABLE tb_department (pk_department integer PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text NOT NULL,
                            fk_company integer NOT NULL REFERENCES tb_company);
CREATE TABLE tb_team (pk_team integer PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text NOT NULL,
                      fk_department integer NOT NULL REFERENCES tb_department);
CREATE TABLE tb_user (pk_user integer PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text NOT NULL,
                      fk_team integer NOT NULL REFERENCES tb_team);
CREATE TABLE tb_post (pk_post integer PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), title text NOT NULL,
                      fk_user integer NOT NULL REFERENCES tb_user);
INSERT INTO tb_company (pk_company, name) SELECT g, 'Company ' || g FROM generate_series(1, :top) AS g;
INSERT INTO tb_department (pk_department, name, fk_company) SELECT g, 'Department ' || g, 1 + g % :top FROM generate_series(1, :top * 10) AS g;
INSERT INTO tb_team (pk_team, name, fk_department) SELECT g, 'Team ' || g, 1 + g % (:top * 10) FROM generate_series(1, :top * 100) AS g;
INSERT INTO tb_user (pk_user, name, fk_team) SELECT g, 'User ' || g, 1 + g % (:top * 100) FROM generate_series(1, :top * 1000) AS g;
INSERT INTO tb_post (pk_post, title, fk_user) SELECT g, 'Post ' || g, 1 + g % (:top * 1000) FROM generate_series(1, :top * 10000) AS g;
CREATE INDEX ON tb_department (fk_company);
CREATE INDEX ON tb_team (fk_department);
CREATE INDEX ON tb_user (fk_team);
CREATE INDEX ON tb_post (fk_user);
