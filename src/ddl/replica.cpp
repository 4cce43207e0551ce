// ddl/replica.cpp - see replica.hpp.
//
// Apply workers run with session_replication_role = replica and fire only triggers that are ENABLE ALWAYS. A TVIEW's own
// guards say whether it wants to be maintained there; capture's triggers, which all readers of a table share, are ALWAYS
// when one of them does, and in apply workers the queue leaves the others alone (queue/record). A TVIEW that is maintained
// must not receive its rows as well: its guard leaves them out (ddl/guard).
#include "ddl/replica.hpp"

#include "capture/capture.hpp"
#include "catalog/audit.hpp"
#include "catalog/catalog.hpp"
#include "ddl/rights.hpp"
#include "ddl/sources.hpp"
#include "dependency/dependency.hpp"
#include "errors/errors.hpp"
#include "pg/list.hpp"
#include "refresh/refresh.hpp"

namespace tviews::ddl {

namespace {

// It may have gone while this waited for a lock.
const catalog::Tview &existing(Oid table, const char *name) {
    const catalog::Tview *const tview = catalog::find_by_table(table);
    if (tview == nullptr)
        ereport(ERROR, errcode(errors::metadata_not_found), errmsg("TVIEW \"%s\" does not exist", name),
                errhint("It was dropped at the same time."));
    return *tview;
}

// Of all of `tables`, in the order of their OIDs.
pg::vector<Oid> sources_of(List *tables, const char *name) {
    List *all = NIL;
    pg::each_oid(tables,
                 [&](Oid table) { all = list_concat_unique_oid(all, existing(table, name).dependencies); });
    list_sort(all, list_oid_cmp);
    pg::vector<Oid> result;
    pg::each_oid(all, [&](Oid source) { result.push_back(source); });
    return result;
}

} // namespace

void set_replica_maintenance(const char *name, bool enabled) {
    Oid const table = catalog::resolve(name)->table;
    List *const tables = enabled ? dependency::upstream(table) : list_make1_oid(table);
    pg::each_oid(tables, [&](Oid each) { require_owner(existing(each, name)); });
    pg::vector<Oid> const sources = sources_of(tables, name);
    lock_sources(sources);
    pg::each_oid(tables, [&](Oid each) { capture::set_replica_maintained(each, enabled); });
    for (Oid source : sources)
        if (enabled)
            capture::install_triggers(source);
        else
            capture::let_fire_locally(source);
    pg::each_oid(tables, [&](Oid each) {
        if (enabled)
            (void) refresh::full_refresh(each);
        catalog::audit("SET REPLICA MAINTENANCE", existing(each, name).entity,
                       enabled ? "{\"enabled\": true}" : "{\"enabled\": false}");
    });
}

} // namespace tviews::ddl
