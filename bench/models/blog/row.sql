-- Row triggers as an expert writes them: nothing is called when nothing relevant changes, a rename patches the document.
\ir table.sql
CREATE FUNCTION post_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO post_doc
    SELECT NEW.pk_post, NEW.id, NEW.fk_user,
           jsonb_build_object('id', NEW.id, 'title', NEW.title, 'body', NEW.body,
                              'author', jsonb_build_object('id', u.id, 'name', u.name))
      FROM tb_user u WHERE u.pk_user = NEW.fk_user;
    RETURN NULL;
END $$;
CREATE FUNCTION post_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE post_doc d
       SET pk_post = NEW.pk_post, id = NEW.id, fk_user = NEW.fk_user,
           data = jsonb_build_object('id', NEW.id, 'title', NEW.title, 'body', NEW.body,
                                     'author', jsonb_build_object('id', u.id, 'name', u.name))
      FROM tb_user u WHERE u.pk_user = NEW.fk_user AND d.pk_post = OLD.pk_post;
    RETURN NULL;
END $$;
CREATE FUNCTION post_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM post_doc WHERE pk_post = OLD.pk_post;
    RETURN NULL;
END $$;
CREATE FUNCTION user_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE post_doc SET data = jsonb_set(data, '{author,name}', to_jsonb(NEW.name)) WHERE fk_user = NEW.pk_user;
    RETURN NULL;
END $$;
CREATE TRIGGER post_inserted AFTER INSERT ON tb_post FOR EACH ROW EXECUTE FUNCTION post_inserted();
CREATE TRIGGER post_updated AFTER UPDATE ON tb_post FOR EACH ROW
    WHEN (OLD.pk_post <> NEW.pk_post OR OLD.id <> NEW.id OR OLD.fk_user <> NEW.fk_user OR OLD.title <> NEW.title OR OLD.body <> NEW.body)
    EXECUTE FUNCTION post_updated();
CREATE TRIGGER post_deleted AFTER DELETE ON tb_post FOR EACH ROW EXECUTE FUNCTION post_deleted();
CREATE TRIGGER user_updated AFTER UPDATE ON tb_user FOR EACH ROW
    WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION user_updated();
