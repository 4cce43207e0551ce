// monitor/two_phase.cpp - the functions about prepared transactions.
//
// PREPARE TRANSACTION brings every TVIEW up to date first, so a prepared transaction has no queue: what it holds are
// row versions and locks like any other table's. COMMIT PREPARED and ROLLBACK PREPARED cannot run inside a function.
#include "pg/guard.hpp"
#include "pg/names.hpp"

using namespace tviews;

namespace tviews::monitor {

[[noreturn]] static void refuse(FunctionCallInfo fcinfo, const char *command) {
    const char *const gid = text_to_cstring(PG_GETARG_TEXT_PP(0));
    ereport(
        ERROR, errcode(ERRCODE_ACTIVE_SQL_TRANSACTION), errmsg("%s cannot run inside a function", command),
        errdetail("TVIEWs were brought up to date by PREPARE TRANSACTION; nothing is left to do for them."),
        errhint("Run: %s %s;", command, pg::literal(gid)));
    pg_unreachable();
}

} // namespace tviews::monitor

TVIEWS_FUNCTION(pg_tviews_commit_prepared) { monitor::refuse(fcinfo, "COMMIT PREPARED"); }

TVIEWS_FUNCTION(pg_tviews_rollback_prepared) { monitor::refuse(fcinfo, "ROLLBACK PREPARED"); }
