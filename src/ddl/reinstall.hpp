// ddl/reinstall.hpp - repairs the triggers of pg_tviews.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// Makes the triggers of a TVIEW what they should be, and refreshes every TVIEW that may have missed changes. nullptr: the
// triggers of all TVIEWs of the current user; drops those on his tables that serve no TVIEW, too. Returns how many
// triggers were made, changed or dropped.
int reinstall_triggers(const char *name);

} // namespace tviews::ddl
