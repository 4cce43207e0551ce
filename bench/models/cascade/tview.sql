-- Each TVIEW is built on the one above.
CREATE TABLE tv_company AS SELECT pk_company, id, jsonb_build_object('id', id, 'name', name) AS data FROM tb_company;
CREATE TABLE tv_department AS
SELECT d.pk_department, d.id, d.fk_company, jsonb_build_object('id', d.id, 'name', d.name, 'company', p.data) AS data
  FROM tb_department d JOIN tv_company p ON p.pk_company = d.fk_company;
CREATE TABLE tv_team AS
SELECT t.pk_team, t.id, t.fk_department, jsonb_build_object('id', t.id, 'name', t.name, 'department', p.data) AS data
  FROM tb_team t JOIN tv_department p ON p.pk_department = t.fk_department;
CREATE TABLE tv_user AS
SELECT u.pk_user, u.id, u.fk_team, jsonb_build_object('id', u.id, 'name', u.name, 'team', p.data) AS data
  FROM tb_user u JOIN tv_team p ON p.pk_team = u.fk_team;
CREATE TABLE tv_post AS
SELECT o.pk_post, o.id, o.fk_user, jsonb_build_object('id', o.id, 'title', o.title, 'author', p.data) AS data
  FROM tb_post o JOIN tv_user p ON p.pk_user = o.fk_user;
