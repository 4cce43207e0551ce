-- xml - XML columns, XMLTABLE and xmlagg, where the server has been built with libxml.
\a \t
SELECT error_of('SELECT xmlelement(name a)') <> 'no error' AS no_xml \gset
\if :no_xml
    \quit
\endif
CREATE SCHEMA xml;
SET search_path = xml, public;
CREATE TABLE tb_doc (pk_doc int PRIMARY KEY, id uuid NOT NULL, body xml, title text);
CREATE TABLE tb_note (pk_note int PRIMARY KEY, fk_doc int, text text);
INSERT INTO tb_doc VALUES (1, uid(1), '<a x="1"><b>one</b><b>two</b></a>', 'first'), (2, uid(2), '<a/>', 'second'), (3, uid(3), NULL, NULL);
INSERT INTO tb_note VALUES (1, 1, 'n1'), (2, 1, 'n2'), (3, 2, 'n3');
CREATE TABLE tv_table AS SELECT d.pk_doc, d.id, jsonb_agg(x.b ORDER BY x.n) AS data
  FROM tb_doc d, XMLTABLE('/a/b' PASSING d.body COLUMNS n FOR ORDINALITY, b text PATH '.') x GROUP BY d.pk_doc;
CREATE TABLE tv_plain AS SELECT d.pk_doc, d.id, d.body, jsonb_build_object('x', xpath('/a/@x', d.body)::text, 'exists', xpath_exists('/a/b', d.body)) AS data FROM tb_doc d;
CREATE TABLE tv_agg AS SELECT d.pk_doc, d.id, to_jsonb((SELECT xmlagg(xmlelement(name note, n.text) ORDER BY n.pk_note) FROM tb_note n WHERE n.fk_doc = d.pk_doc)::text) AS data FROM tb_doc d;
SELECT pk_doc, data FROM tv_table ORDER BY pk_doc;
SELECT pk_doc, data FROM tv_agg ORDER BY pk_doc;
SELECT assert_exact();
UPDATE tb_doc SET body = '<a><b>three</b></a>' WHERE pk_doc > 1;
SELECT assert_exact();
UPDATE tb_note SET fk_doc = 3 WHERE pk_note = 2;
UPDATE tb_doc SET body = '<a x="2"/>' WHERE pk_doc = 1;
SELECT assert_exact();
SELECT pk_doc, data FROM tv_plain ORDER BY pk_doc;
DELETE FROM tb_doc WHERE pk_doc = 2;
SELECT assert_exact();
SET client_min_messages = warning;
DROP SCHEMA xml CASCADE;
SELECT assert_gone();
