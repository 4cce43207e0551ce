SELECT m.pk_maintainer,
       m.id,
       m.identifier,
       jsonb_build_object(
           'id', m.id,
           'name', m.name,
           'email', m.identifier,
           'count', count(p.pk_package),
           'sections', count(DISTINCT p.fk_section),
           'installed_kib', coalesce(sum(p.installed_kib), 0),
           'packages', coalesce(
               jsonb_agg(jsonb_build_object('name', p.identifier, 'section', s.identifier, 'version', p.version)
                         ORDER BY p.identifier) FILTER (WHERE p.pk_package IS NOT NULL),
               '[]')
       ) AS data
  FROM tb_maintainer m
  LEFT JOIN tb_package p ON p.fk_maintainer = m.pk_maintainer
  LEFT JOIN tb_section s ON s.pk_section = p.fk_section
 GROUP BY m.pk_maintainer, m.id, m.identifier, m.name
