// ddl/cascade.hpp - how TVIEWs may be built on TVIEWs.
#pragma once

#include "pg/memory.hpp"

namespace tviews::ddl {

// Refuses a definition of `table` (InvalidOid when it is being created) that reads `relations` when TVIEWs would
// depend on each other in a cycle (TV301) or be built deeper than pg_tviews.max_cascade_depth (TV203).
void check_cascade(Oid table, const char *table_name, const pg::vector<Oid> &relations);

// Longest chain of TVIEWs that ends at `relation`: 0 for a base table, 1 for a TVIEW on base tables only.
int cascade_depth(Oid relation);

} // namespace tviews::ddl
