// catalog/audit.cpp - writes pg_tview_audit_log.
//
// Users may only read the log, so the row is written with the bootstrap superuser's rights; who did it is recorded
// as the role in force before that, with the session user beside it.
#include "catalog/audit.hpp"

#include "catalog/catalog.hpp"
#include "config/settings.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_authid.h"
}

namespace tviews::catalog {

namespace {

// Where we act as the bootstrap superuser ourselves, as when a removal goes on to what another user has built, it is the
// role of the session that acts.
Oid acting_user() {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    bool const ours = user == BOOTSTRAP_SUPERUSERID && (context & SECURITY_LOCAL_USERID_CHANGE) != 0;
    return ours ? GetOuterUserId() : user;
}

} // namespace

void audit(const char *operation, const char *entity, const char *details) {
    Oid const schema = extension_schema();
    if (!config::audit || !OidIsValid(schema))
        return;
    const char *const log = pg::qualified_name(get_namespace_name(schema), "pg_tview_audit_log");
    char *const sql = psprintf(
        "INSERT INTO %s (operation, entity, performed_by, performed_at, details, client_addr, client_port) "
        "VALUES ($1, $2, $3, pg_catalog.clock_timestamp(), $4::pg_catalog.jsonb OPERATOR(pg_catalog.||) "
        "pg_catalog.jsonb_build_object('session_user', session_user), pg_catalog.inet_client_addr(), "
        "pg_catalog.inet_client_port())",
        log);
    Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
    Datum values[] = {CStringGetTextDatum(operation), CStringGetTextDatum(entity),
                      CStringGetTextDatum(GetUserNameFromId(acting_user(), false)),
                      CStringGetTextDatum(details)};

    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    pg::SpiSession const spi;
    int const result = SPI_execute_with_args(sql, lengthof(types), types, values, nullptr, false, 0);
    if (result != SPI_OK_INSERT)
        elog(ERROR, "could not write the audit log: %s", SPI_result_code_string(result));
}

} // namespace tviews::catalog
