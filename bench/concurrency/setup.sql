-- Two equal sets of base tables; the second has TVIEWs. Users 1 to 1000 have the 100,000 posts of "documents"; those of
-- "parents10" and "parents1000" start at 100001 and get new posts.
CREATE EXTENSION pg_tviews;
CREATE SCHEMA noview;
CREATE SCHEMA tview;
SELECT format($sql$
    CREATE TABLE %1$I.tb_user (pk_user integer PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text NOT NULL);
    CREATE TABLE %1$I.tb_post (pk_post integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                               id uuid NOT NULL DEFAULT gen_random_uuid(), title text NOT NULL,
                               fk_user integer NOT NULL REFERENCES %1$I.tb_user);
    INSERT INTO %1$I.tb_user (pk_user, name) SELECT g, 'user ' || g FROM generate_series(1, 1000) g;
    INSERT INTO %1$I.tb_user (pk_user, name) SELECT g, 'user ' || g FROM generate_series(100001, 101000) g;
    INSERT INTO %1$I.tb_post (title, fk_user) SELECT 'title ' || g, 1 + g %% 1000 FROM generate_series(1, 100000) g;
    CREATE INDEX ON %1$I.tb_post (fk_user)$sql$, schema)
  FROM unnest(ARRAY['noview', 'tview']) AS schema \gexec
SET search_path = tview, public;
CREATE TABLE tv_post AS
    SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('id', p.id, 'title', p.title, 'author', u.name) AS data
      FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
VACUUM ANALYZE;
