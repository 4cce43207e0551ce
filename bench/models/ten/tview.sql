SELECT format($f$CREATE TABLE tv_item%s AS SELECT pk_item AS pk_item%1$s, id, jsonb_build_object('id', id, 'name', name, 'price', price) AS data FROM tb_item$f$, n)
  FROM generate_series(1, 10) AS n \gexec
