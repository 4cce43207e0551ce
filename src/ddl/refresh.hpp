// ddl/refresh.hpp - full refreshes on request.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace tviews::ddl {

// pg_tviews_refresh(): returns the rows changed. Raises TV001 and 42501.
uint64 refresh(const char *name);

// pg_tviews_refresh_all(): every TVIEW the user owns, sources first; a row (entity, rows, ms) for each.
void refresh_all(Tuplestorestate *rows, TupleDesc descriptor);

} // namespace tviews::ddl
