-- The table that hand-written triggers maintain, with the indexes that a TVIEW has, and what it ought to hold.
CREATE VIEW v_doc AS
SELECT p.pk_post, p.id, p.fk_user,
       jsonb_build_object('id', p.id, 'title', p.title, 'body', p.body,
                          'author', jsonb_build_object('id', u.id, 'name', u.name)) AS data
  FROM tb_post p
  JOIN tb_user u ON u.pk_user = p.fk_user;
CREATE TABLE post_doc AS SELECT * FROM v_doc;
ALTER TABLE post_doc ADD PRIMARY KEY (pk_post);
CREATE INDEX ON post_doc (id);
CREATE INDEX ON post_doc (fk_user);
CREATE VIEW wrong AS (TABLE post_doc EXCEPT ALL TABLE v_doc) UNION ALL (TABLE v_doc EXCEPT ALL TABLE post_doc);
