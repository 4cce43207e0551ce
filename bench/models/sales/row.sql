-- Running sums, flat: the cheapest thing that can be written by hand (average is price / lines).
\ir table.sql
CREATE FUNCTION line_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE revenue r SET lines = lines - 1, quantity = r.quantity - OLD.quantity,
               revenue = r.revenue - OLD.price * (1 - OLD.discount), price = r.price - OLD.price
          FROM tb_order o WHERE o.pk_order = OLD.fk_order AND r.pk_customer = o.fk_customer;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        UPDATE revenue r SET lines = lines + 1, quantity = r.quantity + NEW.quantity,
               revenue = r.revenue + NEW.price * (1 - NEW.discount), price = r.price + NEW.price
          FROM tb_order o WHERE o.pk_order = NEW.fk_order AND r.pk_customer = o.fk_customer;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION line_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE revenue r SET quantity = r.quantity + NEW.quantity - OLD.quantity,
           revenue = r.revenue + NEW.price * (1 - NEW.discount) - OLD.price * (1 - OLD.discount), price = r.price + NEW.price - OLD.price
      FROM tb_order o WHERE o.pk_order = NEW.fk_order AND r.pk_customer = o.fk_customer;
    RETURN NULL;
END $$;
CREATE TRIGGER line_changed AFTER INSERT OR DELETE ON tb_line FOR EACH ROW EXECUTE FUNCTION line_changed();
CREATE TRIGGER line_updated AFTER UPDATE ON tb_line FOR EACH ROW
    WHEN (OLD.quantity <> NEW.quantity OR OLD.price <> NEW.price OR OLD.discount <> NEW.discount) EXECUTE FUNCTION line_updated();
