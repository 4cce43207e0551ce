// queue/queue.hpp - the running transaction's set of changes that TVIEWs do not show yet.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::queue {

// Brings every TVIEW of this transaction up to date now. Returns the rows written.
uint64 flush_all();
// The same for the TVIEWs among `relations` (list of Oid) and what they are built on.
void flush_before_read(List *relations);
// Is anything pending for one of `relations` (list of Oid), directly or through other TVIEWs?
bool pending_for(List *relations);
bool empty();

// Forgets everything queued for a TVIEW that is being dropped or rebuilt.
void forget(Oid tview);

} // namespace tviews::queue
