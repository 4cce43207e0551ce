// catalog/installed.hpp - private to catalog/: the extension's own objects in this database.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::catalog {

// pg_tview_meta, or InvalidOid when the extension is not (or no longer) installed.
Oid meta_table();

} // namespace tviews::catalog
