// ddl/columns.hpp - brings the columns of a TVIEW's table in line with a new definition.
#pragma once

#include "definition/definition.hpp"

namespace tviews::ddl {

// Drops, retypes and adds columns of the table; returns whether a column changed its type. Values are left to the refresh that
// has to follow. What users have made for a column that stays is kept; what is in the way of a new type, or needs a
// column that goes, is an error, and what goes with a column is named by a NOTICE.
bool alter_columns(Oid table, const pg::vector<definition::OutputColumn> &old_columns,
                   const pg::vector<definition::OutputColumn> &new_columns);

// nullptr when there is none of the name.
const definition::OutputColumn *find_column(const pg::vector<definition::OutputColumn> &columns,
                                            const char *name);
bool same_type(const definition::OutputColumn &left, const definition::OutputColumn &right);

} // namespace tviews::ddl
