// catalog/audit.hpp - the one way into pg_tview_audit_log.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::catalog {

// Writes a row when pg_tviews.audit is on: operation is CREATE, REPLACE, RENAME, REFRESH, DROP or CONVERT; `details` is
// JSON text.
void audit(const char *operation, const char *entity, const char *details);

} // namespace tviews::catalog
