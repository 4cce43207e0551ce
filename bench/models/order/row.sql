-- An expert knows that positions are dense here: an updated line is set in its place of the stored array.
\ir table.sql
CREATE FUNCTION line_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_doc
       SET data = jsonb_set(data, ARRAY['lines', (NEW.position - 1)::text],
               jsonb_build_object('id', NEW.pk_line, 'position', NEW.position, 'sku', NEW.sku, 'quantity', NEW.quantity, 'price', NEW.price))
     WHERE pk_order = NEW.fk_order;
    RETURN NULL;
END $$;
CREATE FUNCTION line_came_or_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_doc d SET data = v.data FROM v_doc v
     WHERE d.pk_order = coalesce(NEW.fk_order, OLD.fk_order) AND v.pk_order = d.pk_order;
    RETURN NULL;
END $$;
CREATE TRIGGER line_updated AFTER UPDATE ON tb_line FOR EACH ROW
    WHEN (OLD.sku <> NEW.sku OR OLD.quantity <> NEW.quantity OR OLD.price <> NEW.price) EXECUTE FUNCTION line_updated();
CREATE TRIGGER line_came_or_went AFTER INSERT OR DELETE ON tb_line FOR EACH ROW EXECUTE FUNCTION line_came_or_went();
