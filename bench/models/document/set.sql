\ir table.sql
CREATE FUNCTION docs_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doc d SET data = jsonb_set(d.data, '{title}', to_jsonb(n.title))
      FROM n JOIN o ON o.pk_doc = n.pk_doc WHERE d.pk_doc = n.pk_doc AND o.title <> n.title;
    RETURN NULL;
END $$;
CREATE TRIGGER docs_updated AFTER UPDATE ON tb_doc REFERENCING OLD TABLE AS o NEW TABLE AS n
    FOR EACH STATEMENT EXECUTE FUNCTION docs_updated();
