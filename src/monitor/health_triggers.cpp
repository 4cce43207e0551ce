// monitor/health_triggers.cpp - are the triggers there that keep TVIEWs up to date, and no others?
#include "monitor/health.hpp"

#include "catalog/triggers.hpp"
#include "dependency/dependency.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
}

namespace tviews::monitor {

namespace {

bool exists(Oid relation) { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); }

const char *list_of_tviews(Oid source) {
    StringInfoData names;
    initStringInfo(&names);
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::dependents_of(source)))
        appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
                         pg::qualified_name(tview->schema, tview->name));
    return names.data;
}

void add(Report &report, Oid table, const catalog::TriggerDefect &defect, Severity severity,
         const char *tviews, const char *command) {
    const char *const name = pg::qualified_name(table);
    bool const harmless = defect.defect == catalog::Defect::renamed;
    report.add("missing_triggers", "triggers", harmless ? Severity::warning : severity,
               psprintf("trigger %s on %s %s", defect.expected, name, catalog::describe(defect.defect)),
               details({{"table", name},
                        {"trigger", defect.expected},
                        {"found", defect.found},
                        {"tviews", tviews},
                        {"hint", command}}));
}

void check_source(Report &report, Oid source) {
    const char *const tviews = list_of_tviews(source);
    pg::each_oid(find_all_inheritors(source, NoLock, nullptr), [&](Oid member) {
        if (!exists(member))
            return;
        bool const replicated = dependency::feeds_replica_maintenance(member);
        for (const catalog::TriggerDefect &defect : catalog::capture_defects(member, replicated))
            add(report, member, defect, Severity::error, tviews, "SELECT pg_tviews_reinstall_triggers();");
    });
}

void check_statement_triggers(Report &report) {
    int tables = 0;
    pg::each_oid(catalog::captured_relations(), [&](Oid relation) {
        if (!exists(relation) || !catalog::captured_by_statement(relation))
            return;
        tables++;
        const char *const against = dependency::needs_row_triggers(relation);
        if (against == nullptr && !OidIsValid(get_trigger_oid(relation, catalog::row_trigger, true)))
            return;
        const char *const name = pg::qualified_name(relation);
        report.add(
            "statement_triggers", "triggers", Severity::warning,
            against != nullptr
                ? psprintf("table %s must be captured row by row, but has statement triggers", name)
                : psprintf("table %s has a row trigger beside its statement triggers", name),
            details(
                {{"table", name}, {"reason", against}, {"hint", "SELECT pg_tviews_reinstall_triggers();"}}));
    });
    report.conclude("statement_triggers", "triggers",
                    tables > 0 ? psprintf("tables captured by statement: %d", tables)
                               : "changes are captured row by row",
                    psprintf("{\"tables\": %d}", tables));
}

} // namespace

void check_triggers(Report &report) {
    List *sources = NIL;
    List *tables = NIL;
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all())) {
        sources = list_concat_unique_oid(sources, tview->dependencies);
        tables = lappend_oid(tables, tview->table);
    }
    list_sort(sources, list_oid_cmp);
    pg::each_oid(sources, [&](Oid source) {
        if (exists(source))
            check_source(report, source);
    });
    pg::each_oid(tables, [&](Oid table) {
        if (exists(table))
            for (const catalog::TriggerDefect &defect : catalog::guard_defects(table))
                add(report, table, defect, Severity::warning, pg::qualified_name(table),
                    "SELECT pg_tviews_reinstall_triggers();");
        if (!exists(table) || get_rel_relkind(table) != RELKIND_PARTITIONED_TABLE)
            return;
        pg::each_oid(find_all_inheritors(table, NoLock, nullptr), [&](Oid partition) {
            if (partition == table || !exists(partition))
                return;
            for (const catalog::TriggerDefect &defect : catalog::partition_guard_defects(table, partition))
                add(report, partition, defect, Severity::warning, pg::qualified_name(table),
                    "SELECT pg_tviews_reinstall_triggers();");
        });
    });
    if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
        report.add("missing_triggers", "triggers", Severity::warning,
                   "triggers do not fire in this session: session_replication_role is replica",
                   details({{"hint", "RESET session_replication_role;"}}));
    report.conclude("missing_triggers", "triggers", "every table that TVIEWs read has its triggers",
                    psprintf("{\"tables\": %d}", list_length(sources)));

    pg::each_oid(catalog::captured_relations(), [&](Oid relation) {
        if (!exists(relation) || dependency::is_read(relation))
            return;
        const char *const name = pg::qualified_name(relation);
        for (const char *trigger : pg::each<const char>(catalog::own_triggers(relation)))
            report.add("orphaned_triggers", "triggers", Severity::warning,
                       psprintf("trigger %s on %s serves no TVIEW", pg::quoted(trigger), name),
                       details({{"table", name},
                                {"trigger", trigger},
                                {"hint", psprintf("DROP TRIGGER %s ON %s;", pg::quoted(trigger), name)}}));
    });
    report.conclude("orphaned_triggers", "triggers", "no trigger without a TVIEW");

    check_statement_triggers(report);
}

} // namespace tviews::monitor
