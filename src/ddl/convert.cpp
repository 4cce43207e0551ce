// ddl/convert.cpp - see convert.hpp.
//
// What belongs to the old relation is written down as statements, then it is dropped (RESTRICT: whatever reads it stands
// in the way), the TVIEW is created by the old owner in the same schema, and the statements are run on it and on the view
// that takes over the old name. All of this is one transaction: a refusal at any point leaves the old relation as it was.
#include "ddl/convert.hpp"

#include "catalog/audit.hpp"
#include "catalog/catalog.hpp"
#include "ddl/create.hpp"
#include "ddl/parse.hpp"
#include "ddl/state.hpp"
#include "ddl/statement.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "parser/parser.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/json.h"
#include "utils/ruleutils.h"
}

namespace tviews::ddl {

namespace {

struct Old {
    Oid relation;
    Oid owner;
    bool matview;
    const char *schema;
    const char *name;
    const char *qualified;
};

// The first column of a query's result, as text, without NULLs.
List *texts(const char *sql) {
    List *result = NIL;
    MemoryContext const context = CurrentMemoryContext;
    pg::SpiSession const spi;
    (void) pg::spi_execute(sql);
    pg::ScopedContext const scope(context);
    for (uint64 i = 0; i < SPI_processed; i++)
        if (const char *const value = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1))
            result = lappend(result, pstrdup(value));
    return result;
}

const char *first_text(const char *sql) {
    List *const result = texts(sql);
    return result == NIL ? nullptr : static_cast<const char *>(linitial(result));
}

void owner_only(const RangeVar *name, Oid relation, Oid, void *) {
    if (OidIsValid(relation) && !has_privs_of_role(GetUserId(), pg::owner_of(relation)))
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)), name->relname);
}

Old find(const char *name) {
    List *const parts = pg::name_parts(name);
    Old old;
    old.relation = RangeVarGetRelidExtended(makeRangeVarFromNameList(parts), AccessExclusiveLock, 0,
                                            owner_only, nullptr);
    pg::OpenRelation const relation(old.relation, NoLock);
    char const kind = relation->rd_rel->relkind;
    old.owner = relation->rd_rel->relowner;
    old.matview = kind == RELKIND_MATVIEW;
    old.schema = get_namespace_name(relation->rd_rel->relnamespace);
    old.name = pstrdup(RelationGetRelationName(relation.get()));
    old.qualified = pg::qualified_name(old.relation);
    if (catalog::find_by_table(old.relation) != nullptr)
        ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("\"%s\" is a TVIEW already", old.name),
                errhint("Use pg_tviews_replace() to change its definition."));
    if (!old.matview && (kind != RELKIND_RELATION || relation->rd_rel->relispartition))
        ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
                errmsg("\"%s\" cannot be converted to a TVIEW", old.name),
                errdetail("Only materialized views and tables that are not partitioned can."));
    return old;
}

// tv_<name>, without mv_ in front of the name.
const char *target_name(const Old &old) {
    if (strncmp(old.name, "tv_", 3) == 0)
        return old.name;
    return psprintf("tv_%s", strncmp(old.name, "mv_", 3) == 0 ? old.name + 3 : old.name);
}

// What would be lost without a word when a table is dropped: PostgreSQL calls it a part of the table.
void refuse_what_would_be_lost(const Old &old) {
    const char *const parts = first_text(psprintf(
        "SELECT string_agg(what, ', ' ORDER BY what) FROM ("
        "SELECT format('trigger %%I', tgname) FROM pg_trigger WHERE tgrelid = %1$u AND NOT tgisinternal "
        "UNION ALL SELECT format('constraint %%I', conname) FROM pg_constraint "
        "WHERE conrelid = %1$u AND contype IN ('f', 'c', 'x') "
        "UNION ALL SELECT format('policy %%I', polname) FROM pg_policy WHERE polrelid = %1$u "
        "UNION ALL SELECT format('rule %%I', rulename) FROM pg_rewrite WHERE ev_class = %1$u "
        "UNION ALL SELECT format('membership of publication %%I', pubname) FROM pg_publication_rel r "
        "JOIN pg_publication p ON p.oid = r.prpubid WHERE prrelid = %1$u "
        "UNION ALL SELECT format('inheritance from %%s', inhparent::regclass) FROM pg_inherits WHERE "
        "inhrelid = %1$u "
        "UNION ALL SELECT 'row-level security' FROM pg_class WHERE oid = %1$u AND relrowsecurity"
        ") AS parts (what)",
        old.relation));
    if (parts != nullptr)
        ereport(ERROR, errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
                errmsg("cannot convert table \"%s\" because something belongs to it that would be lost",
                       old.name),
                errdetail("It has %s.", parts),
                errhint("Drop these first; make again on the TVIEW what is to go on."));
}

// Also makes sure that it is one SELECT, before it becomes a part of another one.
void refuse_self_reference(const Old &old, const char *select) {
    Query *const query = analyze_statement(parse_select(select), select);
    auto visit = [&](Node *node) {
        if (IsA(node, Query))
            for (const RangeTblEntry *entry :
                 pg::each<RangeTblEntry>(reinterpret_cast<Query *>(node)->rtable))
                if (entry->rtekind == RTE_RELATION && entry->relid == old.relation)
                    ereport(ERROR, errcode(errors::invalid_select),
                            errmsg("the SELECT reads \"%s\", which it is to replace", old.name),
                            errhint("Read what \"%s\" has been made from.", old.name));
        return false;
    };
    pg::walk(reinterpret_cast<Node *>(query), visit);
}

// Are all rows of the table in the SELECT's result too? `columns` is a list of quoted names.
void refuse_other_contents(const Old &old, const char *select, const char *columns) {
    const char *const rows = first_text(
        psprintf("SELECT count(*) FROM (SELECT ROW(%1$s)::text FROM %2$s "
                 "EXCEPT ALL SELECT ROW(%1$s)::text FROM (%3$s\n) AS fresh) AS x HAVING count(*) > 0",
                 columns, old.qualified, select));
    if (rows != nullptr)
        ereport(ERROR, errcode(ERRCODE_DATA_EXCEPTION),
                errmsg("table \"%s\" has rows that the SELECT does not return", old.name),
                errdetail("There are %s. They would be lost.", rows),
                errhint("Change the SELECT or the rows. If the contents may go, TRUNCATE the table first."));
}

// name and type of each column, one string each
List *column_types(Oid relation) {
    return texts(psprintf("SELECT format('%%I %%s%%s', attname, format_type(atttypid, atttypmod), "
                          "CASE WHEN attcollation <> 0 THEN ' COLLATE ' || attcollation::regcollation END) "
                          "FROM pg_attribute WHERE attrelid = %u AND attnum > 0 AND NOT attisdropped "
                          "ORDER BY attnum",
                          relation));
}

void require_columns(const Old &old, List *wanted, Oid table) {
    List *const there = column_types(table);
    for (const char *column : pg::each<const char>(wanted)) {
        bool found = false;
        for (const char *other : pg::each<const char>(there))
            found = found || strcmp(column, other) == 0;
        if (!found)
            ereport(ERROR, errcode(errors::invalid_select),
                    errmsg("the SELECT does not return column %s of \"%s\"", column, old.name),
                    errdetail("Who reads \"%s\" now would not find it.", old.name),
                    errhint("Add the column to the SELECT, or create a TVIEW with pg_tviews_create() and "
                            "drop \"%s\" yourself.",
                            old.name));
    }
}

// The columns of the first unique index that can be a key, unless the columns are those that TVIEWs have anyway.
List *key_columns(const Old &old, const char *entity) {
    if (first_text(psprintf(
            "SELECT 'standard' FROM pg_attribute WHERE attrelid = %u AND attnum > 0 AND NOT attisdropped "
            "HAVING bool_or(attname = 'id' AND atttypid = 'uuid'::regtype) "
            "AND bool_or(attname = 'data' AND atttypid = 'jsonb'::regtype) "
            "AND (bool_or(attname = 'pk_' || %s) OR count(*) FILTER (WHERE attname LIKE 'pk\\_%%') = 1)",
            old.relation, pg::literal(entity))) != nullptr)
        return NIL;
    return texts(psprintf(
        "SELECT a.attname FROM (SELECT indrelid, indkey, indnkeyatts FROM pg_index WHERE indrelid = %u AND "
        "indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL "
        "ORDER BY indisprimary DESC, indexrelid LIMIT 1) AS i "
        "CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position) "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
        "WHERE k.position <= i.indnkeyatts ORDER BY k.position",
        old.relation));
}

// Grants as pairs around the name of a relation: "GRANT SELECT ON " and " TO app".
struct Grants {
    List *before;
    List *after;
};

Grants grants_of(const Old &old) {
    auto parts = [&](const char *what) {
        return texts(psprintf(
            "SELECT %3$s FROM (SELECT relacl AS acl, '' AS column_list FROM pg_class WHERE oid = %1$u "
            "UNION ALL SELECT attacl, format(' (%%I)', attname) FROM pg_attribute "
            "WHERE attrelid = %1$u AND attnum > 0 AND NOT attisdropped) AS g "
            "CROSS JOIN LATERAL aclexplode(g.acl) AS x WHERE x.grantee <> %2$u "
            "ORDER BY column_list, x.privilege_type, x.grantee",
            old.relation, old.owner, what));
    };
    return {parts("'GRANT ' || x.privilege_type || g.column_list || ' ON '"),
            parts("' TO ' || CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END || "
                  "CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END")};
}

void grant(const Grants &grants, const char *relation) {
    for (int i = 0; i < list_length(grants.before); i++)
        run(psprintf("%s%s%s", static_cast<const char *>(list_nth(grants.before, i)), relation,
                     static_cast<const char *>(list_nth(grants.after, i))));
}

// What follows the name of the relation in COMMENT ON: ".a IS 'text'" for a column, " IS 'text'".
List *comments_of(const Old &old) {
    return texts(
        psprintf("SELECT CASE WHEN d.objsubid > 0 THEN format('.%%I IS %%L', a.attname, d.description) "
                 "ELSE format(' IS %%L', d.description) END FROM pg_description d "
                 "LEFT JOIN pg_attribute a ON a.attrelid = d.objoid AND a.attnum = d.objsubid "
                 "WHERE d.classoid = 'pg_class'::regclass AND d.objoid = %u ORDER BY d.objsubid",
                 old.relation));
}

void comment(List *comments, const char *kind, const char *relation) {
    for (const char *text : pg::each<const char>(comments))
        run(psprintf("COMMENT ON %s %s%s", text[0] == '.' ? "COLUMN" : kind, relation, text));
}

// An index or a statistics object as the statement that makes it, with the comment on it.
struct Part {
    const char *columns; // of a plain unique index, quoted; nullptr for others
    const char *sql;
    const char *comment; // nullptr: none
};

pg::vector<Part> parts_of(const Old &old) {
    pg::vector<Part> parts;
    List *const indexes = texts(
        psprintf("SELECT indexrelid FROM pg_index WHERE indrelid = %u AND indisvalid ORDER BY indexrelid",
                 old.relation));
    for (const char *id : pg::each<const char>(indexes)) {
        Oid const index = static_cast<Oid>(strtoul(id, nullptr, 10));
        const char *const columns = first_text(
            psprintf("SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.position) FROM pg_index i "
                     "CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position) "
                     "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum "
                     "WHERE i.indexrelid = %u AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL "
                     "HAVING count(*) = max(i.indnkeyatts)",
                     index));
        const char *const text = first_text(
            psprintf("SELECT format('COMMENT ON INDEX %%s IS %%L', %1$u::regclass, "
                     "obj_description(%1$u, 'pg_class')) WHERE obj_description(%1$u, 'pg_class') IS NOT NULL",
                     index));
        parts.push_back({columns, pg_get_indexdef_string(index), text});
    }
    List *const statistics = texts(
        psprintf("SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = %u ORDER BY oid",
                 old.relation));
    for (const char *sql : pg::each<const char>(statistics))
        parts.push_back({nullptr, sql, nullptr});
    return parts;
}

// Columns that an index begins with: no other one is needed there. List of char *.
List *indexed_columns(const Old &old) {
    return texts(psprintf(
        "SELECT DISTINCT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND "
        "a.attnum = i.indkey[0] WHERE i.indrelid = %u AND i.indisvalid AND i.indpred IS NULL",
        old.relation));
}

// Runs a statement that PostgreSQL has written down, on another table.
void run_on(const char *sql, const char *schema, const char *table) {
    auto *const raw = linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT));
    RangeVar *const target = makeRangeVar(pstrdup(schema), pstrdup(table), -1);
    if (IsA(raw->stmt, IndexStmt))
        reinterpret_cast<IndexStmt *>(raw->stmt)->relation = target;
    else
        castNode(CreateStatsStmt, raw->stmt)->relations = list_make1(target);
    auto *const planned = makeNode(PlannedStmt);
    planned->commandType = CMD_UTILITY;
    planned->utilityStmt = raw->stmt;
    ProcessUtility(planned, sql, false, PROCESS_UTILITY_QUERY, nullptr, nullptr, None_Receiver, nullptr);
    CommandCounterIncrement();
}

void drop(const Old &old) {
    pg::with_edited_error(
        [&] {
            run(psprintf("DROP %s %s RESTRICT", old.matview ? "MATERIALIZED VIEW" : "TABLE", old.qualified));
        },
        [&](ErrorData *error) {
            if (error->sqlerrcode != ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
                return;
            error->message = psprintf("cannot convert \"%s\" because other objects depend on it", old.name);
            error->hint = pstrdup("Drop them, convert, and create them again.");
        });
}

const char *comma_separated(List *names) {
    StringInfoData text;
    initStringInfo(&text);
    for (const char *name : pg::each<const char>(names))
        appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", name);
    return text.data;
}

} // namespace

const char *convert(const char *name, const char *select) {
    Old const old = find(name);
    if (!old.matview && select == nullptr)
        ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                errmsg("select_sql must not be null, because \"%s\" is a table", old.name),
                errhint("Only a materialized view has a definition of its own."));
    const char *const table_name = target_name(old);
    RangeVar *const target = target_table(pg::qualified_name(old.schema, table_name));
    const char *const qualified = pg::qualified_name(old.schema, table_name);

    OwnStatements const own;
    pg::SecurityScope const role(old.owner, SECURITY_LOCAL_USERID_CHANGE);
    Options options = read_options("{}");
    List *quoted_names = NIL;
    List *columns = NIL;
    List *key = NIL;
    List *comments = NIL;
    Grants grants{};
    pg::vector<Part> parts;
    const char *definition = select;
    {
        pg::GucScope const guc;
        pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
        quoted_names =
            texts(psprintf("SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %u AND attnum > 0 "
                           "AND NOT attisdropped ORDER BY attnum",
                           old.relation));
        columns = column_types(old.relation);
        key = key_columns(old, entity_of(table_name));
        options.indexed = indexed_columns(old);
        parts = parts_of(old);
        grants = grants_of(old);
        comments = comments_of(old);
        if (!old.matview)
            refuse_what_would_be_lost(old);
        if (definition == nullptr)
            definition = first_text(psprintf("SELECT rtrim(pg_get_viewdef(%u), ';')", old.relation));
    }
    const char *const names = comma_separated(quoted_names);
    if (select != nullptr)
        refuse_self_reference(old, select);
    if (!old.matview)
        refuse_other_contents(old, select, names);
    drop(old);
    {
        pg::GucScope const guc;
        if (select == nullptr)
            pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
        create(target, definition, key, options);
    }
    pg::GucScope const guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    Oid const table = RangeVarGetRelid(target, NoLock, false);
    require_columns(old, columns, table);
    const char *const primary_key =
        first_text(psprintf("SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.position) "
                            "FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS "
                            "k (attnum, position) JOIN pg_attribute a ON a.attrelid = i.indrelid AND "
                            "a.attnum = k.attnum WHERE i.indrelid = %u AND i.indisprimary",
                            table));
    for (Part const &part : parts) {
        if (part.columns != nullptr && strcmp(part.columns, primary_key) == 0)
            continue; // the primary key does that
        run_on(part.sql, old.schema, table_name);
        if (part.comment != nullptr)
            run(part.comment);
    }
    grant(grants, qualified);
    comment(comments, "TABLE", qualified);
    if (strcmp(old.name, table_name) != 0) {
        run(psprintf("CREATE VIEW %s AS SELECT %s FROM %s", old.qualified, names, qualified));
        grant(grants, old.qualified);
        comment(comments, "VIEW", old.qualified);
    }
    StringInfoData details;
    initStringInfo(&details);
    appendStringInfoString(&details, "{\"table\":");
    escape_json(&details, qualified);
    appendStringInfoString(&details, ",\"converted\":");
    escape_json(&details, old.qualified);
    appendStringInfo(&details, ",\"kind\":\"%s\"}", old.matview ? "materialized view" : "table");
    catalog::audit("CONVERT", entity_of(table_name), details.data);
    return qualified;
}

} // namespace tviews::ddl
