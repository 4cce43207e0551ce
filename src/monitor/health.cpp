// monitor/health.cpp - pg_tviews_health_check(): is everything as it should be?
//
// Looks at catalogs, locks and settings, never at the rows of tables, so that it can be asked every minute; whether rows
// are right is pg_tviews_verify()'s question. Changes nothing. One row per finding, and one per check that found nothing
// to complain about. These are the checks of the installation; the others are in health_triggers and health_tviews.
#include "monitor/health.hpp"

#include "catalog/meta.hpp"
#include "config/settings.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "access/twophase.h"
#include "commands/extension.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/json.h"
#include "utils/jsonb.h"
}

namespace tviews::monitor {

namespace {

// A prepared transaction, or a wait for a lock of ours, that is older is worth a warning.
constexpr const char *old_prepared = "5 minutes";
constexpr const char *long_wait = "1 minute";
// Locks of TVIEWs in this database; src/refresh/locks.cpp gives the range.
constexpr const char *our_locks =
    "l.locktype = 'advisory' AND l.objsubid BETWEEN 21504 AND 24575 AND l.database = "
    "(SELECT d.oid FROM pg_database d WHERE d.datname = current_database())";

// Hands each row of a query to visit(row), which reads columns as text (nullptr for NULL).
template <typename F> void each_row(const char *sql, F &&visit) {
    MemoryContext const context = CurrentMemoryContext;
    pg::SpiSession const spi;
    (void) pg::spi_execute(sql, true);
    pg::ScopedContext const scope(context);
    for (uint64 i = 0; i < SPI_processed; i++)
        visit([i](int column) -> const char * {
            return SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column);
        });
}

bool exists(Oid relation) { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); }

void check_extension(Report &report) {
    int found = 0;
    each_row("SELECT evtname, evtenabled FROM pg_event_trigger WHERE evtname IN ('pg_tviews_ddl_start', "
             "'pg_tviews_ddl_end', 'pg_tviews_sql_drop') ORDER BY 1",
             [&](auto column) {
                 found++;
                 if (*column(2) == 'D' || *column(2) == 'R')
                     report.add(
                         "extension_loaded", "extension", Severity::error,
                         psprintf("event trigger %s is disabled: schema changes are not followed", column(1)),
                         details({{"hint", psprintf("ALTER EVENT TRIGGER %s ENABLE;", column(1))}}));
             });
    if (found < 3)
        report.add(
            "extension_loaded", "extension", Severity::error,
            "an event trigger of pg_tviews has been renamed or dropped: schema changes are not followed",
            details({{"hint", "Create the extension anew, or rename the event trigger back."}}));
    const char *const version = catalog::extension_version();
    report.conclude("extension_loaded", "extension", psprintf("pg_tviews version %s", version),
                    details({{"version", version}}));
    const char *const versions = details(
        {{"library", catalog::library_version},
         {"extension", version},
         {"server", PG_VERSION},
         {"hint",
          strcmp(version, catalog::library_version) == 0 ? nullptr : "ALTER EXTENSION pg_tviews UPDATE;"}});
    if (strcmp(version, catalog::library_version) != 0)
        report.add("versions", "extension", catalog::version_fits() ? Severity::warning : Severity::error,
                   psprintf("the library is version %s, the extension in this database %s",
                            catalog::library_version, version),
                   versions);
    report.conclude("versions", "extension", "library and extension have the same version", versions);
    report.add("jsonb_delta", "jsonb_delta", Severity::info,
               OidIsValid(get_extension_oid("jsonb_delta", true))
                   ? "jsonb_delta is installed"
                   : "jsonb_delta is not installed; it is not needed");
}

void check_metadata(Report &report) {
    Oid const schema = catalog::extension_schema();
    for (const char *name :
         {"pg_tview_meta", "pg_tview_audit_log", "pg_tview_dependencies", "pg_tview_helpers"})
        if (!OidIsValid(get_relname_relid(name, schema)))
            report.add("metadata_tables", "metadata", Severity::error,
                       psprintf("relation %s does not exist", name));
    each_row(
        psprintf("SELECT tgname FROM pg_trigger WHERE tgrelid = %u AND tgname LIKE 'pg\\_tviews\\_%%' AND "
                 "tgenabled IN ('D', 'R') ORDER BY 1",
                 get_relname_relid("pg_tview_meta", schema)),
        [&](auto column) {
            report.add(
                "metadata_tables", "metadata", Severity::error,
                psprintf("trigger %s on pg_tview_meta is disabled", column(1)),
                details({{"hint", psprintf("ALTER TABLE pg_tview_meta ENABLE TRIGGER %s;", column(1))}}));
        });
    report.conclude("metadata_tables", "metadata", "all tables and views of the extension exist");

    List *const rows = catalog::meta_rows();
    for (const catalog::MetaRow *row : pg::each<const catalog::MetaRow>(rows)) {
        const char *lost = !exists(row->table)  ? "its table does not exist"
                           : !exists(row->view) ? "its view does not exist"
                                                : nullptr;
        pg::each_oid(row->dependencies, [&](Oid relation) {
            if (lost == nullptr && !exists(relation))
                lost = "a table that it reads does not exist";
        });
        if (lost != nullptr)
            report.add(
                "metadata", "metadata", Severity::error,
                psprintf("TVIEW \"%s\" in pg_tview_meta: %s", row->entity, lost),
                details(
                    {{"entity", row->entity},
                     {"hint", "Drop the TVIEW and create it again; the definition is in pg_tview_meta."}}));
    }
    report.conclude("metadata", "metadata", "every row of pg_tview_meta has its table, view and sources",
                    psprintf("{\"tviews\": %d}", list_length(rows)));
}

void check_queue(Report &report) {
    each_row(
        psprintf("SELECT l.pid, extract(epoch FROM clock_timestamp() - l.waitstart)::bigint, "
                 "pg_blocking_pids(l.pid)::text FROM pg_locks l WHERE NOT l.granted AND %s AND l.waitstart < "
                 "clock_timestamp() - interval '%s' ORDER BY l.waitstart LIMIT 100",
                 our_locks, long_wait),
        [&](auto column) {
            report.add("queue", "queue", Severity::warning,
                       psprintf("process %s has waited for a TVIEW's lock for %s s", column(1), column(2)),
                       details({{"pid", column(1)},
                                {"blocked_by", column(3)},
                                {"hint", "Look at the blocking transaction in pg_stat_activity; it should "
                                         "commit or be ended."}}));
        });
    report.conclude("queue", "queue",
                    queue::empty()
                        ? "nothing is pending in this session"
                        : "changes are pending in this transaction; they are applied when it commits");
    // pg_prepared_xacts knows the age, pg_locks whose locks they are.
    each_row(
        psprintf(
            "SELECT p.gid, extract(epoch FROM clock_timestamp() - p.prepared)::bigint, p.owner "
            "FROM pg_prepared_xacts p JOIN pg_locks x ON x.locktype = 'transactionid' AND x.pid IS NULL "
            "AND x.transactionid = p.transaction WHERE p.database = current_database() AND p.prepared < "
            "clock_timestamp() - interval '%s' AND EXISTS (SELECT FROM pg_locks l WHERE l.pid IS NULL AND "
            "l.virtualtransaction = x.virtualtransaction AND %s) ORDER BY p.prepared, p.gid LIMIT 100",
            old_prepared, our_locks),
        [&](auto column) {
            report.add("prepared_transactions", "queue", Severity::warning,
                       psprintf("prepared transaction %s has held locks of TVIEWs for %s s",
                                pg::literal(column(1)), column(2)),
                       details({{"gid", column(1)},
                                {"owner", column(3)},
                                {"hint", psprintf("COMMIT PREPARED %s; or ROLLBACK PREPARED %s;",
                                                  pg::literal(column(1)), pg::literal(column(1)))}}));
        });
    report.conclude("prepared_transactions", "queue",
                    "no prepared transaction has held locks of TVIEWs for long");
}

void check_limits(Report &report) {
    double const lock_table = static_cast<double>(max_locks_per_xact) * (MaxBackends + max_prepared_xacts);
    int held = 0;
    each_row(psprintf("SELECT count(*) FROM pg_locks l WHERE %s", our_locks),
             [&](auto column) { held = atoi(column(1)); });
    const char *const numbers = psprintf(
        "{\"lock_table\": %.0f, \"tview_locks\": %d, \"lock_escalation_threshold\": %d, \"max_queue_size\": "
        "%d, "
        "\"max_locks_per_transaction\": %d, \"max_prepared_transactions\": %d, \"max_cascade_depth\": %d}",
        lock_table, held, config::lock_escalation_threshold, config::max_queue_size, max_locks_per_xact,
        max_prepared_xacts, config::max_cascade_depth);
    if (config::lock_escalation_threshold > lock_table / 2)
        report.add("limits", "extension", Severity::warning,
                   "one transaction may fill the lock table: pg_tviews.lock_escalation_threshold is more "
                   "than half of it",
                   numbers);
    if (held > lock_table / 2)
        report.add("limits", "extension", Severity::warning,
                   "TVIEWs hold more than half of the server's lock table: raise max_locks_per_transaction",
                   numbers);
    report.conclude("limits", "extension", "settings and locks leave room", numbers);
}

void put(ReturnSetInfo *result, const Finding &finding) {
    static constexpr const char *status[] = {"OK", "WARNING", "ERROR"};
    static constexpr const char *severity[] = {"info", "warning", "error"};
    auto const level = static_cast<int>(finding.severity);
    Datum values[] = {CStringGetTextDatum(status[level]),   CStringGetTextDatum(finding.component),
                      CStringGetTextDatum(finding.message), CStringGetTextDatum(severity[level]),
                      CStringGetTextDatum(finding.check),   Datum(0)};
    bool nulls[] = {false, false, false, false, false, finding.details == nullptr};
    if (finding.details != nullptr)
        values[5] = DirectFunctionCall1(jsonb_in, CStringGetDatum(finding.details));
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

} // namespace

const char *details(std::initializer_list<std::pair<const char *, const char *>> pairs) {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '{');
    for (auto const &[name, value] : pairs) {
        if (value == nullptr)
            continue;
        if (json.len > 1)
            appendStringInfoString(&json, ", ");
        escape_json(&json, name);
        appendStringInfoString(&json, ": ");
        escape_json(&json, value);
    }
    appendStringInfoChar(&json, '}');
    return json.data;
}

} // namespace tviews::monitor

using namespace tviews;

TVIEWS_FUNCTION(pg_tviews_health_check) {
    monitor::Report report;
    {
        pg::GucScope const guc;
        pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
        monitor::check_extension(report);
        if (catalog::version_fits()) {
            monitor::check_metadata(report);
            monitor::check_triggers(report);
            monitor::check_queue(report);
            monitor::check_tviews(report);
        }
        monitor::check_limits(report);
    }
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const monitor::Finding &finding : report.findings())
        monitor::put(result, finding);
    PG_RETURN_NULL();
}
