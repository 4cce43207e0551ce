-- pg_ivm takes no jsonb_build_object: the same columns flat.
SELECT pgivm.create_immv('post_ivm', $$
    SELECT p.pk_post, p.id, p.fk_user, p.title, p.body, u.id AS user_id, u.name
      FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user $$) \g /dev/null
CREATE UNIQUE INDEX IF NOT EXISTS post_ivm_key ON post_ivm (pk_post);
CREATE INDEX ON post_ivm (fk_user);
