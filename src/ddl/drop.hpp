// ddl/drop.hpp - taking a TVIEW away whole.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// Before DROP TABLE of a TVIEW: locks the tables it reads, in the order of CREATE. Their writers in flight flush into the
// TVIEW when they commit, so waiting for them after the TVIEW is locked would be a deadlock; and writers who come later
// must not meet a TVIEW that is being dropped.
void lock_before_drop(const DropStmt *statement);

// Relations that a statement has just dropped: what belongs to the same TVIEWs goes too. `dropped` is a list of Oid;
// `named` those of them that the statement named itself. Raises 2BP01 for a DROP VIEW v_x without CASCADE.
void drop_the_rest(List *dropped, List *named, DropBehavior behavior);

// Makes the view go whenever its table goes, so that DROP TABLE tv_a, tv_b works when tv_b is built on tv_a. Returns
// whether that is new. Dumps and pg_upgrade do not know of it: lock_before_drop() makes up for that, and sql_drop removes
// a view that is left.
bool drop_view_with_table(Oid view, Oid table);

// pg_tviews_drop(): returns the qualified name of the dropped table, nullptr when there was none and `if_exists`.
const char *drop(const char *name, bool if_exists, bool cascade);

} // namespace tviews::ddl
