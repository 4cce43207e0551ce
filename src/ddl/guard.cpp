// ddl/guard.cpp - the statement trigger on every TVIEW that refuses direct writes.
//
// Maintenance does not fire it: it writes through the executor's simple-relation calls, which fire row triggers only.
#include "config/settings.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "commands/trigger.h"
}

TVIEWS_FUNCTION(pg_tviews_internal_guard) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function can only be called as a trigger"));
    if (!tviews::config::allow_direct_writes) {
        auto const *data = reinterpret_cast<TriggerData *>(fcinfo->context);
        const char *const table = RelationGetRelationName(data->tg_relation);
        ereport(ERROR, errcode(tviews::errors::direct_write),
                errmsg("cannot write to TVIEW \"%s\" directly", table),
                errdetail("Its rows are computed from the tables that its definition reads."),
                errhint("Write to those tables. For a repair use pg_tviews_refresh('%s'), or set "
                        "pg_tviews.allow_direct_writes to on.",
                        table));
    }
    PG_RETURN_POINTER(nullptr);
}
