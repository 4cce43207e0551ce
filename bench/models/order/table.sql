\ir definition.sql
CREATE TABLE order_doc AS SELECT * FROM v_doc;
ALTER TABLE order_doc ADD PRIMARY KEY (pk_order);
CREATE INDEX ON order_doc (id);
CREATE VIEW wrong AS (TABLE order_doc EXCEPT ALL TABLE v_doc) UNION ALL (TABLE v_doc EXCEPT ALL TABLE order_doc);
