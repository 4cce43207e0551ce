-- tutorial - the blog of the first tutorial, typed as a user would, and what one would type next.
SELECT pg_tviews_version() ~ '^\d+\.\d+' AS installed;

CREATE TABLE tb_user (
    pk_user BIGSERIAL PRIMARY KEY,
    id UUID NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    identifier TEXT UNIQUE,
    name TEXT NOT NULL,
    email TEXT UNIQUE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);
CREATE TABLE tb_post (
    pk_post BIGSERIAL PRIMARY KEY,
    id UUID NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    identifier TEXT UNIQUE,
    title TEXT NOT NULL,
    content TEXT,
    fk_user BIGINT NOT NULL REFERENCES tb_user(pk_user),
    created_at TIMESTAMPTZ NOT NULL DEFAULT NOW()
);

INSERT INTO tb_user (identifier, name, email) VALUES ('alice', 'Alice Johnson', 'alice@example.com');
INSERT INTO tb_post (identifier, title, content, fk_user)
VALUES ('hello-world', 'Hello World', 'Welcome to my blog!', 1),
       ('second-post', 'Second Post', 'Learning about pg_tviews.', 1);
SELECT name, title FROM tb_user u JOIN tb_post p ON u.pk_user = p.fk_user ORDER BY pk_post;

CREATE TABLE tv_post AS
SELECT
    p.pk_post,
    p.id,
    p.identifier,
    p.fk_user,
    u.id AS user_id,
    jsonb_build_object(
        'id', p.id,
        'identifier', p.identifier,
        'title', p.title,
        'content', p.content,
        'createdAt', p.created_at,
        'author', jsonb_build_object(
            'id', u.id,
            'identifier', u.identifier,
            'name', u.name,
            'email', u.email
        )
    ) AS data
FROM tb_post p
JOIN tb_user u ON p.fk_user = u.pk_user;

SELECT jsonb_pretty(data - 'id' - 'createdAt' #- '{author,id}') FROM tv_post WHERE pk_post = 1;
SELECT count(*) FROM tv_post t JOIN tb_post p USING (pk_post, id, identifier, fk_user)
 JOIN tb_user u ON u.id = t.user_id
 WHERE (t.data->>'id')::uuid = p.id AND (t.data->>'createdAt')::timestamptz = p.created_at;

-- "This is the magic!"
UPDATE tb_user SET name = 'Alice Smith' WHERE pk_user = 1;
SELECT data->'author'->>'name' AS author_name FROM tv_post;

INSERT INTO tb_post (identifier, title, content, fk_user)
VALUES ('third-post', 'Third Post', 'This is automatically in the TVIEW!', 1);
SELECT COUNT(*) FROM tv_post;
SELECT assert_exact('tv_post');

-- What one types next.
DELETE FROM tb_post WHERE identifier = 'second-post';
SELECT pk_post, identifier, data->>'title' AS title FROM tv_post ORDER BY pk_post;
INSERT INTO tb_user (identifier, name, email) VALUES ('bob', 'Bob', 'bob@example.com');
UPDATE tb_post SET fk_user = 2 WHERE identifier = 'third-post';
SELECT t.pk_post, t.fk_user, t.user_id = u.id AS user_id, t.data->'author'->>'email' AS email
  FROM tv_post t JOIN tb_user u ON u.pk_user = t.fk_user ORDER BY pk_post;
BEGIN;
INSERT INTO tb_post (title, fk_user) VALUES ('Test Post', 1);
SELECT count(*) FROM tv_post WHERE data->>'title' = 'Test Post';
ROLLBACK;
SELECT count(*) FROM tv_post;
SELECT assert_exact('tv_post');
-- The checklist and the troubleshooting section.
SELECT entity FROM pg_tview_meta ORDER BY entity;
SELECT tgrelid::regclass AS on_table, count(*) > 0 AS installed FROM pg_trigger WHERE tgname LIKE 'tview%'
 GROUP BY tgrelid ORDER BY tgrelid::regclass::text;
CREATE INDEX idx_tv_post_user_id ON tv_post (user_id);
CREATE INDEX idx_tv_post_title ON tv_post ((data->>'title'));
UPDATE tb_post SET title = 'Hello again' WHERE pk_post = 1;
SELECT pk_post FROM tv_post WHERE data->>'title' = 'Hello again';
-- Writing to it by mistake.
UPDATE tv_post SET data = '{}';
DELETE FROM tb_user WHERE pk_user = 1;
SELECT assert_exact('tv_post');
-- A second TVIEW on the first, by another name for the same thing.
CREATE TABLE tv_user AS
SELECT u.pk_user, u.id, u.identifier,
       jsonb_build_object('name', u.name,
                          'posts', coalesce((SELECT jsonb_agg(p.data->'title' ORDER BY p.pk_post)
                                               FROM tv_post p WHERE p.fk_user = u.pk_user), '[]')) AS data
  FROM tb_user u;
SELECT pk_user, data FROM tv_user ORDER BY pk_user;
UPDATE tb_post SET title = upper(title) WHERE pk_post = 1;
SELECT pk_user, data FROM tv_user ORDER BY pk_user;
SELECT assert_exact();
-- Clean up.
DROP TABLE tv_post;
DROP TABLE tv_user, tv_post;
SELECT assert_gone();
DROP TABLE tb_post, tb_user;
