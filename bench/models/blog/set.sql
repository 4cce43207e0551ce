-- Statement triggers with transition tables as an expert writes them: one statement per statement.
\ir table.sql
CREATE FUNCTION posts_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_doc
    SELECT n.pk_post, n.id, n.fk_user,
           jsonb_build_object('id', n.id, 'title', n.title, 'body', n.body,
                              'author', jsonb_build_object('id', u.id, 'name', u.name))
      FROM n JOIN tb_user u ON u.pk_user = n.fk_user;
    RETURN NULL;
END $$;
CREATE FUNCTION posts_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE post_doc d
       SET id = n.id, fk_user = n.fk_user,
           data = jsonb_build_object('id', n.id, 'title', n.title, 'body', n.body,
                                     'author', jsonb_build_object('id', u.id, 'name', u.name))
      FROM n JOIN o ON o.pk_post = n.pk_post JOIN tb_user u ON u.pk_user = n.fk_user
     WHERE d.pk_post = n.pk_post
       AND (o.id <> n.id OR o.fk_user <> n.fk_user OR o.title <> n.title OR o.body <> n.body);
    RETURN NULL;
END $$;
CREATE FUNCTION posts_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM post_doc d USING o WHERE d.pk_post = o.pk_post;
    RETURN NULL;
END $$;
CREATE FUNCTION users_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE post_doc d SET data = jsonb_set(d.data, '{author,name}', to_jsonb(n.name))
      FROM n JOIN o ON o.pk_user = n.pk_user
     WHERE d.fk_user = n.pk_user AND n.name <> o.name;
    RETURN NULL;
END $$;
CREATE TRIGGER posts_inserted AFTER INSERT ON tb_post REFERENCING NEW TABLE AS n
    FOR EACH STATEMENT EXECUTE FUNCTION posts_inserted();
CREATE TRIGGER posts_updated AFTER UPDATE ON tb_post REFERENCING OLD TABLE AS o NEW TABLE AS n
    FOR EACH STATEMENT EXECUTE FUNCTION posts_updated();
CREATE TRIGGER posts_deleted AFTER DELETE ON tb_post REFERENCING OLD TABLE AS o
    FOR EACH STATEMENT EXECUTE FUNCTION posts_deleted();
CREATE TRIGGER users_updated AFTER UPDATE ON tb_user REFERENCING OLD TABLE AS o NEW TABLE AS n
    FOR EACH STATEMENT EXECUTE FUNCTION users_updated();
