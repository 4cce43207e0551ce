-- 10_catalog.sql - the extension's own tables and the views on them.

-- One row per TVIEW. Relations are regclass, so that pg_dump writes names. Written by the library only.
CREATE TABLE pg_tview_meta (
    entity           text        NOT NULL,                        -- without tv_; two schemas may have the same
    view_oid         regclass    NOT NULL,                        -- v_<entity>, the definition
    table_oid        regclass    NOT NULL PRIMARY KEY,            -- tv_<entity>
    definition       text        NOT NULL,
    dependencies     regclass[]  NOT NULL DEFAULT '{}',           -- base tables and TVIEWs read
    fk_columns       text[]      NOT NULL DEFAULT '{}',
    uuid_fk_columns  text[]      NOT NULL DEFAULT '{}',
    dependency_types text[]      NOT NULL DEFAULT '{}',           -- 'table' or 'tview', parallel to dependencies
    dependency_paths text[]      NOT NULL DEFAULT '{}',           -- parallel to dependencies
    array_match_keys text[]      NOT NULL DEFAULT '{}',           -- parallel to dependencies
    created_at       timestamptz NOT NULL DEFAULT now(),
    key_columns      text[]      NOT NULL DEFAULT '{}',           -- the primary key, in order
    explicit_key     boolean     NOT NULL DEFAULT false,          -- key_columns were named by the creator
    settings         jsonb       NOT NULL DEFAULT '{}',           -- rendering settings in force at creation
    options          jsonb       NOT NULL DEFAULT '{}',           -- as given to pg_tviews_create()
    function_reads   regclass[]  NOT NULL DEFAULT '{}'            -- tables read by functions, as declared in options
);
COMMENT ON TABLE pg_tview_meta IS 'TVIEWs of this database, one row each; maintained by pg_tviews';

-- Who did what to TVIEWs, when and from where. pg_tviews.audit turns it off.
CREATE TABLE pg_tview_audit_log (
    log_id       bigserial   PRIMARY KEY,
    operation    text        NOT NULL,                            -- CREATE, REPLACE, REFRESH, DROP, ... INSTALL TRIGGERS, ...
    entity       text        NOT NULL,
    performed_by text        NOT NULL DEFAULT current_user,
    performed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    details      jsonb,
    client_addr  inet,
    client_port  integer
);
CREATE INDEX pg_tview_audit_log_entity_idx ON pg_tview_audit_log (entity);
CREATE INDEX pg_tview_audit_log_performed_at_idx ON pg_tview_audit_log (performed_at);
COMMENT ON TABLE pg_tview_audit_log IS 'what was done to TVIEWs, by whom, when and from where';

-- Dumped with the database. Rows of the log get new numbers when they come back, so the sequence is not.
SELECT pg_catalog.pg_extension_config_dump('pg_tview_meta', '');
SELECT pg_catalog.pg_extension_config_dump('pg_tview_audit_log', '');

-- What each TVIEW reads, one row per relation.
CREATE VIEW pg_tview_dependencies AS
SELECT m.entity,
       d.relation         AS depends_on,
       d.dependency_type,
       source.entity      AS depends_on_entity,                   -- when it is a TVIEW
       m.table_oid,
       m.view_oid
  FROM pg_tview_meta m
 CROSS JOIN LATERAL unnest(m.dependencies, m.dependency_types) AS d (relation, dependency_type)
  LEFT JOIN pg_tview_meta source ON source.table_oid = d.relation;
COMMENT ON VIEW pg_tview_dependencies IS 'base tables and TVIEWs that each TVIEW reads';

-- Plain views that definitions use, directly or through other views.
CREATE VIEW pg_tview_helpers AS
WITH RECURSIVE reads (reader, relation) AS (
    SELECT DISTINCT r.ev_class, d.refobjid
      FROM pg_catalog.pg_rewrite r
      JOIN pg_catalog.pg_depend d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
), used (entity, created_at, helper) AS (
    SELECT m.entity, m.created_at, reads.relation
      FROM pg_tview_meta m
      JOIN reads ON reads.reader = m.view_oid
    UNION
    SELECT used.entity, used.created_at, reads.relation
      FROM used
      JOIN reads ON reads.reader = used.helper
)
SELECT used.helper::pg_catalog.regclass::text            AS helper_name,
       true                                              AS is_helper,
       array_agg(DISTINCT used.entity ORDER BY used.entity) AS used_by,
       (SELECT coalesce(array_agg(DISTINCT reads.relation::pg_catalog.regclass::text
                                  ORDER BY reads.relation::pg_catalog.regclass::text), '{}')
          FROM reads
         WHERE reads.reader = used.helper)               AS depends_on,
       min(used.created_at)                              AS created_at -- of the first TVIEW that uses it
  FROM used
  JOIN pg_catalog.pg_class c ON c.oid = used.helper AND c.relkind = 'v'
 GROUP BY used.helper;
COMMENT ON VIEW pg_tview_helpers IS 'plain views that the definitions of TVIEWs use';

GRANT SELECT ON pg_tview_meta, pg_tview_audit_log, pg_tview_dependencies, pg_tview_helpers TO PUBLIC;

