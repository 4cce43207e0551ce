// ddl/replica.hpp - TVIEWs of a server that receives their base tables by logical replication.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// Has the TVIEW, and the TVIEWs it is built on, maintained when the apply workers of subscriptions change their base
// tables, beginning with a full refresh; or (`enabled` false) the TVIEW itself not any more. For the owner of all.
void set_replica_maintenance(const char *name, bool enabled);

} // namespace tviews::ddl
