-- The same five tables, each kept by statement triggers on its base table and on the table above.
CREATE TABLE company_doc AS SELECT pk_company, id, jsonb_build_object('id', id, 'name', name) AS data FROM tb_company;
CREATE TABLE department_doc AS
SELECT d.pk_department, d.id, d.fk_company, jsonb_build_object('id', d.id, 'name', d.name, 'company', p.data) AS data
  FROM tb_department d JOIN company_doc p ON p.pk_company = d.fk_company;
CREATE TABLE team_doc AS
SELECT t.pk_team, t.id, t.fk_department, jsonb_build_object('id', t.id, 'name', t.name, 'department', p.data) AS data
  FROM tb_team t JOIN department_doc p ON p.pk_department = t.fk_department;
CREATE TABLE user_doc AS
SELECT u.pk_user, u.id, u.fk_team, jsonb_build_object('id', u.id, 'name', u.name, 'team', p.data) AS data
  FROM tb_user u JOIN team_doc p ON p.pk_team = u.fk_team;
CREATE TABLE post_doc AS
SELECT o.pk_post, o.id, o.fk_user, jsonb_build_object('id', o.id, 'title', o.title, 'author', p.data) AS data
  FROM tb_post o JOIN user_doc p ON p.pk_user = o.fk_user;
ALTER TABLE company_doc ADD PRIMARY KEY (pk_company);
ALTER TABLE department_doc ADD PRIMARY KEY (pk_department);
ALTER TABLE team_doc ADD PRIMARY KEY (pk_team);
ALTER TABLE user_doc ADD PRIMARY KEY (pk_user);
ALTER TABLE post_doc ADD PRIMARY KEY (pk_post);
CREATE INDEX ON company_doc (id);
CREATE INDEX ON department_doc (id);
CREATE INDEX ON team_doc (id);
CREATE INDEX ON user_doc (id);
CREATE INDEX ON post_doc (id);
CREATE INDEX ON department_doc (fk_company);
CREATE INDEX ON team_doc (fk_department);
CREATE INDEX ON user_doc (fk_team);
CREATE INDEX ON post_doc (fk_user);
-- name changed in the base table: own document; document above changed: embedded anew.
SELECT format($f$
    CREATE FUNCTION %1$s_named() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE %1$s_doc d SET data = jsonb_set(d.data, '{%2$s}', to_jsonb(n.%2$s))
          FROM n JOIN o USING (pk_%1$s) WHERE d.pk_%1$s = n.pk_%1$s AND n.%2$s <> o.%2$s;
        RETURN NULL;
    END $$;
    CREATE TRIGGER named AFTER UPDATE ON tb_%1$s REFERENCING OLD TABLE AS o NEW TABLE AS n
        FOR EACH STATEMENT EXECUTE FUNCTION %1$s_named()$f$, entity, label)
  FROM (VALUES ('company', 'name'), ('department', 'name'), ('team', 'name'), ('user', 'name'), ('post', 'title')) AS t (entity, label) \gexec
SELECT format($f$
    CREATE FUNCTION %1$s_embedded() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE %2$s_doc d SET data = jsonb_set(d.data, '{%3$s}', n.data) FROM n WHERE d.fk_%1$s = n.pk_%1$s;
        RETURN NULL;
    END $$;
    CREATE TRIGGER embedded AFTER UPDATE ON %1$s_doc REFERENCING NEW TABLE AS n
        FOR EACH STATEMENT EXECUTE FUNCTION %1$s_embedded()$f$, entity, child, label)
  FROM (VALUES ('company', 'department', 'company'), ('department', 'team', 'department'),
               ('team', 'user', 'team'), ('user', 'post', 'author')) AS t (entity, child, label) \gexec
CREATE VIEW wrong AS
SELECT o.pk_post FROM tb_post o JOIN tb_user u ON u.pk_user = o.fk_user JOIN tb_team t ON t.pk_team = u.fk_team
  JOIN tb_department d ON d.pk_department = t.fk_department JOIN tb_company c ON c.pk_company = d.fk_company
  JOIN post_doc p ON p.pk_post = o.pk_post
 WHERE p.data <> jsonb_build_object('id', o.id, 'title', o.title, 'author', jsonb_build_object('id', u.id, 'name', u.name, 'team',
       jsonb_build_object('id', t.id, 'name', t.name, 'department', jsonb_build_object('id', d.id, 'name', d.name, 'company',
       jsonb_build_object('id', c.id, 'name', c.name)))));
