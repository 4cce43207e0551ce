// ddl/indexes.hpp - the indexes a TVIEW is born with.
#pragma once

#include "ddl/options.hpp"
#include "definition/definition.hpp"

namespace tviews::ddl {

// `names` of the shape's key columns as SQL.
const char *key_list(const definition::Shape &shape);

// PRIMARY KEY on the key. A key that comes twice is TV204.
void add_primary_key(Oid table, const definition::Shape &shape);

// Plain indexes on id and fk_* columns, and on data when asked for. Columns in `existing` (of char *) are left alone.
void add_indexes(Oid table, const definition::Shape &shape, const Options &options, List *existing);

} // namespace tviews::ddl
