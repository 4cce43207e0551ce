-- demo/keys.sql - keys, foreign keys and indexes of the base tables (demo/schema.sql), made after the data is loaded.

ALTER TABLE tb_section
    ADD PRIMARY KEY (pk_section), ADD UNIQUE (id), ADD UNIQUE (identifier);
ALTER TABLE tb_maintainer
    ADD PRIMARY KEY (pk_maintainer), ADD UNIQUE (id), ADD UNIQUE (identifier);
ALTER TABLE tb_package
    ADD PRIMARY KEY (pk_package), ADD UNIQUE (id), ADD UNIQUE (identifier),
    ADD FOREIGN KEY (fk_section) REFERENCES tb_section,
    ADD FOREIGN KEY (fk_maintainer) REFERENCES tb_maintainer;
ALTER TABLE tb_dependency
    ADD PRIMARY KEY (pk_dependency), ADD UNIQUE (id),
    ADD UNIQUE (fk_package, kind, position, alternative), -- also the index on fk_package
    ADD FOREIGN KEY (fk_package) REFERENCES tb_package ON DELETE CASCADE;

CREATE INDEX ON tb_package (fk_section);
CREATE INDEX ON tb_package (fk_maintainer);
CREATE INDEX ON tb_dependency (target);

SELECT setval(pg_get_serial_sequence('tb_section', 'pk_section'), max(pk_section)) FROM tb_section;
SELECT setval(pg_get_serial_sequence('tb_maintainer', 'pk_maintainer'), max(pk_maintainer)) FROM tb_maintainer;
SELECT setval(pg_get_serial_sequence('tb_package', 'pk_package'), max(pk_package)) FROM tb_package;
SELECT setval(pg_get_serial_sequence('tb_dependency', 'pk_dependency'), max(pk_dependency)) FROM tb_dependency;

-- pretty(document): one line per field, one line per element of an array. For looking at documents in psql.
CREATE FUNCTION pretty(document jsonb) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT CASE
               WHEN e.value IS NOT NULL THEN '    ' || e.value::text
               WHEN line = 'end' THEN '  ]'
               WHEN jsonb_typeof(f.value) = 'array' AND f.value <> '[]' THEN format('  %s: [', to_jsonb(f.key))
               ELSE format('  %s: %s', to_jsonb(f.key), f.value)
           END
      FROM jsonb_each(document) WITH ORDINALITY AS f (key, value, field)
     CROSS JOIN unnest('{head,element,end}'::text[]) WITH ORDINALITY AS l (line, part)
      LEFT JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(f.value) WHEN 'array' THEN f.value END)
                WITH ORDINALITY AS e (value, place) ON line = 'element'
     WHERE line = 'head' OR (line = 'element' AND e.value IS NOT NULL)
        OR (line = 'end' AND jsonb_typeof(f.value) = 'array' AND f.value <> '[]')
     ORDER BY field, part, place
$$;

VACUUM ANALYZE;
