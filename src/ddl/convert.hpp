// ddl/convert.hpp - pg_tviews_convert_table(): a TVIEW in the place of a materialized view or a table.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// `select` may be nullptr for a materialized view. Returns the qualified name of the TVIEW's table.
const char *convert(const char *name, const char *select);

} // namespace tviews::ddl
