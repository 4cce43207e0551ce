// refresh/refresh.hpp - makes the rows of a TVIEW equal to its definition.
#pragma once

#include "refresh/progress.hpp"

namespace tviews::refresh {

// Fills a freshly created TVIEW (empty table, base tables locked) under a snapshot taken now. Returns the rows.
uint64 populate(Oid tview, Progress &progress);

// Recomputes everything and applies the differences; readers are never blocked. Returns the rows changed.
uint64 full_refresh(Oid tview);

// Raises TV201 when the table has lost a column of the definition, or has it with another type.
void require_columns(Oid tview);

} // namespace tviews::refresh
