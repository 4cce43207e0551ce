// ddl/replace.hpp - another definition for an existing TVIEW.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// pg_tviews_replace(): 'unchanged', 'replaced' (every old column keeps its type or goes) or 'rebuilt' (a column changed
// its type). The table stays the same in all cases, with its grants, indexes, triggers and dependents; what depends on
// a column that goes is an error. `options` nullptr keeps the options.
const char *replace(const char *name, const char *select, const char *options);

} // namespace tviews::ddl
