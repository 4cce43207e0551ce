// ddl/rights.hpp - what the owner of a TVIEW must be allowed to read, and row-level security of what it reads.
#pragma once

#include "catalog/catalog.hpp"
#include "definition/definition.hpp"

namespace tviews::ddl {

// Raises 42501 unless the current user owns the TVIEW.
void require_owner(const catalog::Tview &tview);

// Raises 42501 unless `role` may read what the definition uses of each source, also of those that it reaches
// through views of other roles: maintenance looks into the tables themselves.
void require_select(const definition::Shape &shape, Oid role);

// WARNINGs: policies of these sources do not reach the TVIEW, which has none of its own.
void warn_row_security(const definition::Shape &shape, Oid tview);

// Called after a statement that may have turned row-level security on or changed an owner. Refuses what would hide rows
// from a TVIEW (TV106), and warns like the above.
void after_security_change(const Node *statement);

} // namespace tviews::ddl
