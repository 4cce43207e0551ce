\ir table.sql
CREATE FUNCTION doc_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doc SET data = jsonb_set(data, '{title}', to_jsonb(NEW.title)) WHERE pk_doc = NEW.pk_doc;
    RETURN NULL;
END $$;
CREATE TRIGGER doc_updated AFTER UPDATE ON tb_doc FOR EACH ROW WHEN (OLD.title <> NEW.title) EXECUTE FUNCTION doc_updated();
