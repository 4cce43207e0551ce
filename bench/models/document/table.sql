CREATE VIEW v_doc AS SELECT pk_doc, id, jsonb_build_object('id', id, 'title', title, 'body', body) AS data FROM tb_doc;
CREATE TABLE doc AS SELECT * FROM v_doc;
SELECT format('ALTER TABLE doc ALTER COLUMN data SET COMPRESSION %s', :'method') \gexec
ALTER TABLE doc ADD PRIMARY KEY (pk_doc);
CREATE INDEX ON doc (id);
CREATE VIEW wrong AS (TABLE doc EXCEPT ALL TABLE v_doc) UNION ALL (TABLE v_doc EXCEPT ALL TABLE doc);
