SELECT format($f$
    CREATE TABLE item%1$s_doc AS SELECT pk_item, id, jsonb_build_object('id', id, 'name', name, 'price', price) AS data FROM tb_item;
    ALTER TABLE item%1$s_doc ADD PRIMARY KEY (pk_item);
    CREATE INDEX ON item%1$s_doc (id);
    CREATE FUNCTION item%1$s_updated() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE item%1$s_doc SET id = NEW.id, data = jsonb_build_object('id', NEW.id, 'name', NEW.name, 'price', NEW.price) WHERE pk_item = NEW.pk_item;
        RETURN NULL;
    END $$;
    CREATE TRIGGER item%1$s_updated AFTER UPDATE ON tb_item FOR EACH ROW
        WHEN (OLD.id <> NEW.id OR OLD.name <> NEW.name OR OLD.price <> NEW.price) EXECUTE FUNCTION item%1$s_updated()$f$, n)
  FROM generate_series(1, 10) AS n \gexec
CREATE VIEW wrong AS
SELECT 1 FROM tb_item i JOIN item10_doc d USING (pk_item) WHERE d.data <> jsonb_build_object('id', i.id, 'name', i.name, 'price', i.price);
