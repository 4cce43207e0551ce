// ddl/trigger_audit.hpp - users who touch the triggers of TVIEWs leave a trace.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// After ALTER TABLE ... ENABLE or DISABLE TRIGGER, or CREATE, DROP or RENAME of a trigger with a name of ours, on a TVIEW or
// on what one reads: a row of the audit log for each TVIEW concerned.
void audit_trigger_change(const Node *statement);

} // namespace tviews::ddl
