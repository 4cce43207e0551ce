-- :docs documents whose body has :bytes bytes of words, compressed with :method when it is stored.
CREATE TABLE tb_doc (
    pk_doc integer PRIMARY KEY,
    id     uuid NOT NULL DEFAULT gen_random_uuid(),
    title  text NOT NULL,
    body   text NOT NULL
);
SELECT set_config('default_toast_compression', :'method', false) \g /dev/null
INSERT INTO tb_doc (pk_doc, title, body)
SELECT g, 'Title of document ' || g,
       left((SELECT string_agg(md5((g * 100003 + w)::text), CASE w % 5 WHEN 0 THEN ' the quick brown fox ' ELSE ' and ' END)
               FROM generate_series(1, 1 + :bytes / 36) AS w), :bytes)
  FROM generate_series(1, :docs) AS g;
