CREATE VIEW v_doc AS
SELECT c.pk_customer, c.id, c.name, count(*) AS lines, sum(l.quantity) AS quantity, sum(l.price * (1 - l.discount)) AS revenue, sum(l.price) AS price
  FROM tb_customer c JOIN tb_order o ON o.fk_customer = c.pk_customer JOIN tb_line l ON l.fk_order = o.pk_order
 GROUP BY c.pk_customer;
CREATE TABLE revenue AS SELECT * FROM v_doc;
ALTER TABLE revenue ADD PRIMARY KEY (pk_customer);
CREATE VIEW wrong AS (TABLE revenue EXCEPT ALL TABLE v_doc) UNION ALL (TABLE v_doc EXCEPT ALL TABLE revenue);
