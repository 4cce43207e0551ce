// ddl/guard.cpp - the triggers on every TVIEW that keep everybody but maintenance from writing.
//
// tview_guard, per statement, refuses. Maintenance does not fire it: it writes through the executor's simple-relation
// calls, which fire row triggers only. tview_guard_row, per row, is for those who cannot be refused, because they do not
// know that the table is computed: a dump that is read back, and logical replication into a TVIEW that this server
// maintains itself (then both triggers are ENABLE ALWAYS). Their rows are left out; maintenance writes the same ones. Rows
// that a TRUNCATE takes in the latter case are written again. tview_guard_partition does on each partition of a TVIEW what
// tview_guard does, because a statement on a partition does not fire the latter.
#include "catalog/replay.hpp"
#include "config/settings.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace {

using namespace tviews;

// A statement that loads rows the TVIEW has anyway, or gets when its base tables are loaded.
bool loads_what_is_computed(TriggerEvent event) {
    if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
        return true;
    return TRIGGER_FIRED_BY_INSERT(event) && catalog::replaying_dump();
}

void refuse(const char *table) {
    ereport(ERROR, errcode(errors::direct_write), errmsg("cannot write to TVIEW \"%s\" directly", table),
            errdetail("Its rows are computed from the tables that its definition reads."),
            errhint("Write to those tables. For a repair use pg_tviews_refresh('%s'), or set "
                    "pg_tviews.allow_direct_writes to on.",
                    table));
}

} // namespace

TVIEWS_FUNCTION(pg_tviews_internal_guard) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function can only be called as a trigger"));
    auto const *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    TriggerEvent const event = data->tg_event;
    // Without metadata it is a table that was left behind, such as one whose view was not in the dump.
    const catalog::Tview *const tview = catalog::find_by_storage(RelationGetRelid(data->tg_relation));
    bool const free = config::allow_direct_writes || tview == nullptr;
    if (TRIGGER_FIRED_FOR_ROW(event)) {
        if (!free && loads_what_is_computed(event))
            PG_RETURN_POINTER(nullptr);
        PG_RETURN_POINTER(TRIGGER_FIRED_BY_UPDATE(event) ? data->tg_newtuple : data->tg_trigtuple);
    }
    if (!free && !loads_what_is_computed(event))
        refuse(tview->name);
    if (!free && TRIGGER_FIRED_BY_TRUNCATE(event))
        queue::definition_changed(tview->table);
    PG_RETURN_POINTER(nullptr);
}
