// capture/capture.hpp - triggers on base tables: which exist, and what they call.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::capture {

// Makes sure `relation` (base table, partition root, every member of an inheritance tree) has the row and TRUNCATE
// triggers of capture. Runs with the bootstrap superuser's rights: the caller has checked the user's.
void install_triggers(Oid relation);

// Drops the triggers of `relation`, and of the members of its tree, that no TVIEW reads any more, directly or through a
// table above.
void remove_unused_triggers(Oid relation);

// Before `member` becomes a partition of `parent`: drops row triggers that would be in the way of clones of the parent's.
void make_room_for_clones(Oid parent, Oid member);

// Puts the statement trigger that refuses direct writes on a TVIEW's table.
void install_guard(Oid tview);

} // namespace tviews::capture
