CREATE MATERIALIZED VIEW revenue AS
SELECT c.pk_customer AS pk_revenue, c.id,
       jsonb_build_object('name', c.name, 'lines', count(*), 'quantity', sum(l.quantity),
                          'revenue', sum(l.price * (1 - l.discount)), 'average', avg(l.price)) AS data
  FROM tb_customer c JOIN tb_order o ON o.fk_customer = c.pk_customer JOIN tb_line l ON l.fk_order = o.pk_order
 GROUP BY c.pk_customer;
CREATE UNIQUE INDEX ON revenue (pk_revenue);
