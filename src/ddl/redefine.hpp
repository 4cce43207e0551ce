// ddl/redefine.hpp - views, functions, types and the like that users redefine under a TVIEW.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// At ddl_command_start. Refuses CREATE OR REPLACE VIEW, or a SELECT rule, on the view of a TVIEW: that is what
// pg_tviews_replace() is for.
void refuse_replacing_definition(const Node *statement);

// At ddl_command_end. When the statement has given a view, a function, an aggregate, a type, a cast or a text search
// object another meaning: checks the definitions that use it, directly or through other objects, again, puts triggers
// where they are needed now, and has the TVIEWs refreshed as a whole before they are read or the transaction commits.
// A base table's primary key that goes and a column that comes are followed when the order of rows depends on them.
// Raises TV102, naming the TVIEW, when a definition cannot be a TVIEW any more.
void follow_redefinition(const Node *statement);

} // namespace tviews::ddl
