// catalog/audit.hpp - the one way into pg_tview_audit_log.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::catalog {

// Writes a row when pg_tviews.audit is on: docs/reference/catalog.md has the operations; `details`
// is JSON text. The current role is who has done it.
void audit(const char *operation, const char *entity, const char *details);

} // namespace tviews::catalog
