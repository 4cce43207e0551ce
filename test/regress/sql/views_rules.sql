-- views_rules - plain views in between, writes through updatable views, rules and INSTEAD OF triggers, legacy tables.
\a \t
CREATE SCHEMA views_rules;
SET search_path = views_rules, public;
-- A legacy schema with mapping views that give it the names of the read model.
CREATE TABLE legacy_kunde (kdnr varchar(10) PRIMARY KEY, kname char(20), seq serial UNIQUE, geloescht smallint DEFAULT 0);
CREATE TABLE legacy_auftrag (auftrag_nr int PRIMARY KEY, kdnr varchar(10), wert numeric(10,2));
CREATE VIEW tb_customer AS SELECT seq AS pk_customer, uid(seq) AS id, kdnr AS identifier, rtrim(kname) AS name FROM legacy_kunde WHERE geloescht = 0;
CREATE VIEW tb_order AS SELECT a.auftrag_nr AS pk_order, uid(1000 + a.auftrag_nr) AS id, c.pk_customer AS fk_customer, a.wert AS total
  FROM legacy_auftrag a JOIN tb_customer c ON c.identifier = a.kdnr;
INSERT INTO legacy_kunde VALUES ('K1', 'Krause'), ('K2', 'Lange');
INSERT INTO legacy_auftrag VALUES (1, 'K1', 10), (2, 'K2', 20), (3, 'K1', 30);
CREATE TABLE tv_customer AS
SELECT c.pk_customer, c.id, c.identifier, jsonb_build_object('name', c.name, 'orders', coalesce(jsonb_agg(o.total ORDER BY o.pk_order) FILTER (WHERE o.pk_order IS NOT NULL), '[]')) AS data
  FROM tb_customer c LEFT JOIN tb_order o ON o.fk_customer = c.pk_customer GROUP BY c.pk_customer, c.id, c.identifier, c.name;
CREATE TABLE tv_order AS SELECT o.pk_order, o.id, o.fk_customer, jsonb_build_object('total', o.total, 'customer', c.name) AS data
  FROM tb_order o JOIN tb_customer c ON c.pk_customer = o.fk_customer;
SELECT entity, dependencies FROM pg_tview_meta ORDER BY entity;
SELECT helper_name, used_by FROM pg_tview_helpers ORDER BY helper_name COLLATE "C";
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
SELECT pk_customer, data FROM tv_customer ORDER BY 1;
UPDATE legacy_kunde SET kname = 'Krause-Meyer' WHERE kdnr = 'K1';
SELECT assert_exact();
UPDATE legacy_auftrag SET kdnr = 'K2', wert = 10.5 WHERE auftrag_nr = 1;
SELECT assert_exact();
UPDATE legacy_kunde SET geloescht = 1 WHERE kdnr = 'K2';
SELECT assert_exact();
UPDATE legacy_kunde SET geloescht = 0, kdnr = 'K3' WHERE kdnr = 'K2';
SELECT assert_exact();
INSERT INTO legacy_auftrag VALUES (4, 'K3', 40);
INSERT INTO legacy_kunde VALUES ('K2', 'neu');
SELECT assert_exact();
DELETE FROM legacy_auftrag WHERE kdnr = 'K1';
SELECT assert_exact();
SELECT pk_customer, data FROM tv_customer ORDER BY 1;
-- Writes through an updatable view, with and without CHECK OPTION.
CREATE VIEW active AS SELECT kdnr, kname, geloescht FROM legacy_kunde WHERE geloescht = 0 WITH CHECK OPTION;
INSERT INTO active VALUES ('K9', 'through a view', 0);
UPDATE active SET kname = 'changed' WHERE kdnr = 'K9';
SELECT assert_exact();
SELECT error_of('UPDATE active SET geloescht = 1');
DELETE FROM active WHERE kdnr = 'K3';
SELECT assert_exact();
-- INSTEAD OF triggers
CREATE FUNCTION write_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN DELETE FROM legacy_auftrag WHERE auftrag_nr = OLD.pk_order; END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    INSERT INTO legacy_auftrag SELECT NEW.pk_order, kdnr, NEW.total FROM legacy_kunde WHERE seq = NEW.fk_customer;
    RETURN NEW;
END
$$;
CREATE TRIGGER instead INSTEAD OF INSERT OR UPDATE OR DELETE ON tb_order FOR EACH ROW EXECUTE FUNCTION write_order();
INSERT INTO tb_order (pk_order, fk_customer, total) VALUES (10, 1, 1), (11, 3, 2);
SELECT assert_exact();
UPDATE tb_order SET total = total * 2, fk_customer = 3 WHERE pk_order = 10;
SELECT assert_exact();
DELETE FROM tb_order WHERE pk_order = 11;
SELECT assert_exact();
-- Rules: INSTEAD, ALSO, on a table and on a view.
CREATE RULE soft_delete AS ON DELETE TO tb_customer DO INSTEAD UPDATE legacy_kunde SET geloescht = 1 WHERE kdnr = OLD.identifier;
DELETE FROM tb_customer WHERE identifier = 'K9';
SELECT assert_exact();
CREATE RULE log_price AS ON UPDATE TO legacy_auftrag WHERE NEW.wert > 100 DO ALSO UPDATE legacy_kunde SET kname = 'big spender' WHERE kdnr = NEW.kdnr;
UPDATE legacy_auftrag SET wert = 1000 WHERE auftrag_nr = 10;
SELECT assert_exact();
SELECT pk_customer, data FROM tv_customer ORDER BY 1;
-- The views may be replaced as long as the columns stay; TVIEWs follow.
CREATE OR REPLACE VIEW tb_customer AS SELECT seq AS pk_customer, uid(seq) AS id, kdnr AS identifier, upper(rtrim(kname)) AS name FROM legacy_kunde WHERE geloescht = 0;
SELECT assert_exact();
SELECT pk_customer, data FROM tv_customer ORDER BY 1;
UPDATE legacy_kunde SET kname = 'lower' WHERE kdnr = 'K2';
SELECT assert_exact();
-- The view of a TVIEW is not to be changed by hand.
CREATE OR REPLACE VIEW v_order AS SELECT 1 AS pk_order;
SELECT split_part(error_of('DROP VIEW tb_customer'), E'\n', 1);
SELECT assert_exact();
-- A definition on security barrier views, views with columns dropped below, views on views with aggregates.
CREATE VIEW barrier WITH (security_barrier) AS SELECT pk_order, id, total FROM tb_order WHERE total > 5;
CREATE VIEW stats AS SELECT kdnr, sum(wert) AS total FROM legacy_auftrag GROUP BY kdnr;
CREATE VIEW stats2 AS SELECT k.seq, s.total FROM stats s JOIN legacy_kunde k USING (kdnr);
CREATE TABLE tv_barrier AS SELECT pk_order, id, to_jsonb(total) AS data FROM barrier;
CREATE TABLE tv_stats AS SELECT c.pk_customer, c.id, to_jsonb(s.total) AS data FROM tb_customer c LEFT JOIN stats2 s ON s.seq = c.pk_customer;
SELECT entity, (SELECT count(*) FROM pg_tviews_explain(entity) line WHERE line ~ 'full refresh') AS full_refreshes FROM pg_tview_meta ORDER BY entity;
UPDATE legacy_auftrag SET wert = wert / 100;
INSERT INTO legacy_auftrag VALUES (20, 'K2', 7);
SELECT assert_exact();
UPDATE legacy_auftrag SET kdnr = 'K1' WHERE auftrag_nr = 20;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA views_rules CASCADE;
SELECT assert_gone();
