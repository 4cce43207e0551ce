CREATE TABLE tv_order AS
SELECT o.pk_order, o.id,
       jsonb_build_object('id', o.id, 'customer', o.customer, 'lines', coalesce((
           SELECT jsonb_agg(jsonb_build_object('id', l.pk_line, 'position', l.position, 'sku', l.sku, 'quantity', l.quantity, 'price', l.price)
                            ORDER BY l.position, l.pk_line)
             FROM tb_line l WHERE l.fk_order = o.pk_order), '[]')) AS data
  FROM tb_order o;
