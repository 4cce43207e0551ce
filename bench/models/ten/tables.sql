CREATE TABLE tb_item (
    pk_item integer PRIMARY KEY,
    id      uuid NOT NULL DEFAULT gen_random_uuid(),
    name    text NOT NULL,
    price   numeric(10, 2) NOT NULL,
    stock   integer NOT NULL
);
INSERT INTO tb_item (pk_item, name, price, stock) SELECT g, 'Item ' || g, g % 1000 / 10.0, g % 50 FROM generate_series(1, :rows) AS g;
