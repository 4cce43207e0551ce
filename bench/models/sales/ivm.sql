SELECT pgivm.create_immv('revenue_ivm', $$
    SELECT c.pk_customer, c.name, count(*) AS lines, sum(l.quantity) AS quantity,
           sum(l.price * (1 - l.discount)) AS revenue, avg(l.price) AS average
      FROM tb_customer c JOIN tb_order o ON o.fk_customer = c.pk_customer JOIN tb_line l ON l.fk_order = o.pk_order
     GROUP BY c.pk_customer, c.name $$) \g /dev/null
CREATE UNIQUE INDEX IF NOT EXISTS revenue_ivm_key ON revenue_ivm (pk_customer);
