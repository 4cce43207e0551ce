// ddl/redefine.hpp - views that users replace under a TVIEW.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// Refuses CREATE OR REPLACE VIEW on the view of a TVIEW: that is what pg_tviews_replace() is for.
void refuse_replacing_definition(const ViewStmt *statement);

// After CREATE OR REPLACE VIEW of a view that definitions of TVIEWs read, directly or through other views: compiles
// these definitions again, puts triggers where they are needed now, and refreshes the TVIEWs. Raises TV102 when a
// definition cannot be a TVIEW any more.
void follow_replaced_view(const ViewStmt *statement);

} // namespace tviews::ddl
