SELECT p.pk_package,
       p.id,
       p.identifier,
       p.fk_section,
       p.fk_maintainer,
       jsonb_build_object(
           'id', p.id,
           'name', p.identifier,
           'version', p.version,
           'summary', p.summary,
           'homepage', p.homepage,
           'section', s.identifier,
           'maintainer', jsonb_build_object('id', m.id, 'name', m.name, 'email', m.identifier),
           'dependencies', coalesce(
               (SELECT jsonb_agg(jsonb_build_object(
                           'nr', d.position,
                           'kind', d.kind,
                           'name', d.target,
                           'need', d.relation || ' ' || d.version,
                           'found', t.version)
                       ORDER BY d.kind, d.position, d.alternative)
                  FROM tb_dependency d
                  LEFT JOIN tb_package t ON t.identifier = d.target
                 WHERE d.fk_package = p.pk_package),
               '[]')
       ) AS data
  FROM tb_package p
  JOIN tb_section s ON s.pk_section = p.fk_section
  JOIN tb_maintainer m ON m.pk_maintainer = p.fk_maintainer
