CREATE TABLE tv_doc AS
SELECT pk_doc, id, jsonb_build_object('id', id, 'title', title, 'body', body) AS data FROM tb_doc;
SELECT format('ALTER TABLE tv_doc ALTER COLUMN data SET COMPRESSION %s', :'method') \gexec
