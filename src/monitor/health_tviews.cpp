// monitor/health_tviews.cpp - does each TVIEW agree with the catalogs, its owner with what it reads, and what would help?
//
// Each TVIEW is looked at in a subtransaction, with a short lock_timeout: one whose definition cannot be used, or which
// somebody is altering, is a finding and does not keep the others from being looked at.
#include "monitor/health.hpp"

#include "catalog/meta.hpp"
#include "config/settings.hpp"
#include "definition/advice.hpp"
#include "definition/reads.hpp"
#include "definition/text.hpp"
#include "dependency/dependency.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/rel.h"
}

namespace tviews::monitor {

namespace {

// Tables with fewer rows do without an index.
constexpr double few_rows = 1000;

double rows_of(Oid relation) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return 0;
    double const rows = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->reltuples;
    ReleaseSysCache(tuple);
    return rows;
}

class Examination {
  public:
    Examination(Report &report, dependency::Compiled &tview) : report_(report), tview_(tview) {}

    void run(const catalog::Tview &stored) {
        sources(stored);
        columns();
        primary_key();
        if (pg::owner_of(tview_.view) != tview_.owner)
            inconsistent(Severity::error, "its view has another owner",
                         psprintf("ALTER VIEW %s OWNER TO %s;", tview_.qualified_view,
                                  pg::quoted(GetUserNameFromId(tview_.owner, false))));
        rights();
        policies();
        indexes();
        stale_sources();
        crashes();
        if (tview_.depth > config::max_cascade_depth)
            report_.add(
                "limits", "extension", Severity::warning,
                psprintf("TVIEW %s is built on TVIEWs more than pg_tviews.max_cascade_depth levels deep",
                         tview_.qualified),
                details({{"tview", tview_.qualified}}));
    }

  private:
    void inconsistent(Severity severity, const char *what, const char *hint) {
        report_.add("consistency", "tviews", severity, psprintf("TVIEW %s: %s", tview_.qualified, what),
                    details({{"tview", tview_.qualified}, {"hint", hint}}));
    }

    void sources(const catalog::Tview &stored) {
        bool same = list_length(stored.dependencies) == static_cast<int>(tview_.shape->relations.size());
        for (Oid relation : tview_.shape->relations)
            same = same && list_member_oid(stored.dependencies, relation);
        if (!same)
            inconsistent(Severity::error, "pg_tview_meta names other tables than its view reads",
                         psprintf("SELECT pg_tviews_replace(%s, '...');", pg::literal(tview_.qualified)));
    }

    void columns() {
        for (const definition::OutputColumn &column : tview_.shape->columns) {
            AttrNumber const number = get_attnum(tview_.table, column.name);
            Oid type = InvalidOid;
            int32 typmod = -1;
            Oid collation = InvalidOid;
            if (number != InvalidAttrNumber)
                get_atttypetypmodcoll(tview_.table, number, &type, &typmod, &collation);
            if (type != column.type || typmod != column.typmod || collation != column.collation)
                inconsistent(Severity::error,
                             psprintf(number == InvalidAttrNumber
                                          ? "column \"%s\" is missing"
                                          : "column \"%s\" has another type than in its view",
                                      column.name),
                             psprintf("SELECT pg_tviews_replace(%s, '...');", pg::literal(tview_.qualified)));
        }
    }

    void primary_key() {
        pg::OpenRelation const table(tview_.table, AccessShareLock);
        Bitmapset *const key = RelationGetIndexAttrBitmap(table.get(), INDEX_ATTR_BITMAP_PRIMARY_KEY);
        bool good = bms_num_members(key) == list_length(tview_.key_columns);
        StringInfoData columns;
        initStringInfo(&columns);
        for (const char *column : pg::each<const char>(tview_.key_columns)) {
            good = good &&
                   bms_is_member(get_attnum(tview_.table, column) - FirstLowInvalidHeapAttributeNumber, key);
            appendStringInfo(&columns, "%s%s", columns.len > 0 ? ", " : "", pg::quoted(column));
        }
        if (!good)
            inconsistent(Severity::error, "its key is not its primary key",
                         psprintf("ALTER TABLE %s ADD PRIMARY KEY (%s);", tview_.qualified, columns.data));
    }

    // A role that may not read makes writes of base tables fail; one that sees a part of the rows, too.
    void rights() {
        pg::vector<definition::Read> all = definition::reads(tview_.view, tview_.owner);
        for (Oid relation : tview_.shape->relations)
            all.push_back({relation, tview_.owner});
        pg::vector<definition::Read> reported;
        for (const definition::Read &read : all) {
            bool known = false;
            for (const definition::Read &other : reported)
                known = known || (other.relation == read.relation && other.reader == read.reader);
            if (known)
                continue;
            reported.push_back(read);
            const char *const table = pg::qualified_name(read.relation);
            const char *const role = pg::quoted(GetUserNameFromId(read.reader, false));
            if (definition::filtered(read))
                report_.add("row_security", "security", Severity::error,
                            psprintf("row-level security hides rows of table %s from TVIEW %s", table,
                                     tview_.qualified),
                            details({{"tview", tview_.qualified},
                                     {"table", table},
                                     {"role", role},
                                     {"hint", psprintf("ALTER ROLE %s BYPASSRLS;", role)}}));
            if (pg_class_aclcheck(read.relation, read.reader, ACL_SELECT) != ACLCHECK_OK &&
                pg_attribute_aclcheck_all(read.relation, read.reader, ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
                report_.add("row_security", "security", Severity::error,
                            psprintf("role %s may not read %s for TVIEW %s", role, table, tview_.qualified),
                            details({{"tview", tview_.qualified},
                                     {"table", table},
                                     {"role", role},
                                     {"hint", psprintf("GRANT SELECT ON %s TO %s;", table, role)}}));
        }
    }

    void policies() {
        if (definition::has_policies(tview_.table))
            return;
        for (Oid relation : tview_.shape->relations)
            if (definition::has_row_security(relation))
                report_.add(
                    "row_security", "security", Severity::warning,
                    psprintf("policies of %s do not apply to TVIEW %s, which has none",
                             pg::qualified_name(relation), tview_.qualified),
                    details({{"tview", tview_.qualified},
                             {"table", pg::qualified_name(relation)},
                             {"hint", psprintf("CREATE POLICY ... ON %s; ALTER TABLE %s ENABLE ROW LEVEL "
                                               "SECURITY;",
                                               tview_.qualified, tview_.qualified)}}));
    }

    void indexes() {
        for (const definition::IndexAdvice &advice : definition::missing_indexes(*tview_.shape))
            report_.add("indexes", "tviews",
                        rows_of(advice.table) < few_rows ? Severity::info : Severity::warning,
                        psprintf("TVIEW %s would be maintained faster with an index on %s", tview_.qualified,
                                 pg::qualified_name(advice.table)),
                        details({{"tview", tview_.qualified},
                                 {"table", pg::qualified_name(advice.table)},
                                 {"reason", advice.reason},
                                 {"hint", advice.statement}}));
    }

    void stale_sources() {
        for (Oid relation : tview_.shape->relations)
            if (get_rel_relkind(relation) == RELKIND_MATVIEW)
                report_.add("consistency", "tviews", Severity::info,
                            psprintf("TVIEW %s shows materialized view %s as of its last refresh",
                                     tview_.qualified, pg::qualified_name(relation)),
                            details({{"tview", tview_.qualified},
                                     {"source", pg::qualified_name(relation)},
                                     {"hint", psprintf("REFRESH MATERIALIZED VIEW %s;",
                                                       pg::qualified_name(relation))}}));
    }

    // A crash empties unlogged tables, and fires no trigger.
    void crashes() {
        const char *const refresh = psprintf("SELECT pg_tviews_refresh(%s);", pg::literal(tview_.qualified));
        if (get_rel_persistence(tview_.table) == RELPERSISTENCE_UNLOGGED)
            report_.add(
                "consistency", "tviews", Severity::info,
                psprintf("TVIEW %s is unlogged: it is to be refreshed after a crash", tview_.qualified),
                details({{"tview", tview_.qualified}, {"hint", refresh}}));
        for (Oid relation : tview_.shape->relations)
            if (Oid const part = pg::unlogged_part(relation); OidIsValid(part))
                report_.add(
                    "consistency", "tviews", Severity::warning,
                    psprintf("TVIEW %s is to be refreshed after a crash, which empties table %s",
                             tview_.qualified, pg::qualified_name(part)),
                    details({{"tview", tview_.qualified},
                             {"source", pg::qualified_name(part)},
                             {"hint", psprintf("ALTER TABLE %s SET LOGGED;", pg::qualified_name(part))}}));
    }

    Report &report_;
    dependency::Compiled &tview_;
};

// Is the text in pg_tview_meta what the view says? Read as the owner, who alone need be able to.
bool text_agrees(const catalog::Tview &tview, const char *definition) {
    pg::SecurityScope const role(tview.owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
    List *const statements = pg_parse_query(definition);
    if (list_length(statements) != 1)
        return false;
    const Query *const query =
        parse_analyze_fixedparams(linitial_node(RawStmt, statements), definition, nullptr, 0, nullptr);
    return definition::same_text(tview.view, query);
}

void check_text(Report &report, const catalog::Tview &tview, const char *name) {
    const catalog::MetaRow *const row = catalog::meta_row(tview.table);
    const char *const definition = row != nullptr ? row->definition : "";
    bool same = true;
    // Text that is not understood any more names something by a name of old, which is no harm: the view is what counts.
    (void) pg::try_subtransaction([&] { same = text_agrees(tview, definition); });
    if (!same)
        report.add("consistency", "tviews", Severity::warning,
                   psprintf("TVIEW %s: its view is not the definition in pg_tview_meta", name),
                   details({{"tview", name},
                            {"stored", definition},
                            {"hint", psprintf("SELECT pg_tviews_replace(%s, '...');", pg::literal(name))}}));
}

// Returns whether the definition could be compiled.
bool examine(Report &report, Oid table) {
    const catalog::Tview *const tview = catalog::find_by_table(table);
    if (tview == nullptr)
        return true;
    const char *const name = pg::qualified_name(tview->schema, tview->name);
    auto const failed = pg::try_subtransaction([&] {
        dependency::Compiled *const compiled = dependency::compiled(table);
        if (compiled != nullptr) {
            dependency::Pin const pin(compiled);
            Examination(report, *compiled).run(*tview);
        }
        check_text(report, *tview, name);
    });
    if (!failed)
        return true;
    bool const locked = failed->data->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
    report.add(
        "consistency", "tviews", locked ? Severity::warning : Severity::error,
        psprintf(locked ? "TVIEW %s cannot be looked at: it is locked" : "TVIEW %s cannot be maintained: %s",
                 name, failed->data->message),
        details({{"tview", name}, {"hint", failed->data->hint}}));
    return false;
}

} // namespace

void check_tviews(Report &report) {
    pg::GucScope const guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    pg::GucScope::set_local("standard_conforming_strings", "on");
    pg::GucScope::set_local("lock_timeout", "1s");
    List *tables = NIL;
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all()))
        tables = lappend_oid(tables, tview->table);
    int compiled = 0;
    pg::each_oid(tables, [&](Oid table) { compiled += examine(report, table) ? 1 : 0; });

    const char *const count = psprintf("{\"tviews\": %d}", list_length(tables));
    report.conclude("consistency", "tviews", "tables, views and metadata agree", count);
    report.conclude("indexes", "tviews", "no index is missing on a table of more than a thousand rows");
    report.conclude("row_security", "security", "no policy stands between TVIEWs and their tables");
    report.conclude(
        "cache_health", "cache",
        psprintf("%d of %d definitions are compiled in this session", compiled, list_length(tables)), count);
}

} // namespace tviews::monitor
