// catalog/replay.hpp - a dump being read back, and what of a TVIEW travels outside pg_tview_meta.
#pragma once

#include "catalog/meta.hpp"

namespace tviews::catalog {

// Is this session reading a dump back? Every script of pg_dump, and every connection of pg_restore, begins with an empty
// search_path and without checking function bodies.
bool replaying_dump();

// The arguments of the trigger tview_guard: what cannot be found out from the table and its view. List of String nodes.
// A dump of a single schema, or of the schema only, has no row of pg_tview_meta but has the trigger.
List *portable(const MetaRow &row);
// The reverse, into the fields concerned; false when the arguments are not portable()'s.
bool read_portable(int count, char **arguments, MetaRow &row);

} // namespace tviews::catalog
