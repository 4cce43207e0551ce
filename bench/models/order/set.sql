-- The documents of all orders concerned are computed anew by one statement.
\ir table.sql
CREATE FUNCTION lines_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_doc d SET data = v.data
      FROM v_doc v
     WHERE v.pk_order = d.pk_order AND d.pk_order IN (SELECT fk_order FROM n UNION SELECT fk_order FROM o);
    RETURN NULL;
END $$;
CREATE FUNCTION lines_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_doc d SET data = v.data FROM v_doc v WHERE v.pk_order = d.pk_order AND d.pk_order IN (SELECT fk_order FROM n);
    RETURN NULL;
END $$;
CREATE FUNCTION lines_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE order_doc d SET data = v.data FROM v_doc v WHERE v.pk_order = d.pk_order AND d.pk_order IN (SELECT fk_order FROM o);
    RETURN NULL;
END $$;
CREATE TRIGGER lines_updated AFTER UPDATE ON tb_line REFERENCING OLD TABLE AS o NEW TABLE AS n
    FOR EACH STATEMENT EXECUTE FUNCTION lines_updated();
CREATE TRIGGER lines_inserted AFTER INSERT ON tb_line REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION lines_inserted();
CREATE TRIGGER lines_deleted AFTER DELETE ON tb_line REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION lines_deleted();
