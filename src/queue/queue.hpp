// queue/queue.hpp - the running transaction's set of changes that TVIEWs do not show yet.
//
// Capture adds to it row by row; a flush brings TVIEWs up to date with it: before a query reads one (capture/hooks), and
// before commit or prepare. ROLLBACK TO takes it back to what it was. Everything lives in "pg_tviews queue" under
// TopTransactionContext.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::dependency {
struct Program;
}

namespace tviews::queue {

// Brings every TVIEW of this transaction up to date now. Returns the rows written. Does nothing inside a flush.
uint64 flush_all();
// The same for the TVIEWs among `relations` (list of Oid) and what they are built on. Returns whether there was
// anything to do: the caller's snapshot is too old then.
bool flush_before_read(List *relations);
// Is anything pending for one of `relations` (list of Oid), directly or through other TVIEWs?
bool pending_for(List *relations);
bool empty();
// How many keys and link values are pending in this transaction.
uint64 pending_values();
// Is a flush running in this session, so that its own queries must be left alone?
bool flushing();

// Forgets everything queued for a TVIEW that is being dropped or rebuilt.
void forget(Oid tview);

// A row of `physical` has been inserted (old_row nullptr), deleted (new_row nullptr) or updated: adds what that means
// for every TVIEW that reads it. The slots must have the row type of `physical`.
void record_change(Relation physical, TupleTableSlot *old_row, TupleTableSlot *new_row);
// The same with the relation's program, as dependency::refreshed() returned it.
void record_change(const dependency::Program &program, TupleTableSlot *old_row, TupleTableSlot *new_row);
// Rows of the relation have gone without capture (TRUNCATE, partitions): every TVIEW that reads it, or a table above it,
// is refreshed as a whole.
void contents_changed(Oid physical);
// The same when rows may have come as well.
void rows_came(Oid physical);
// A column was added, renamed or dropped: TVIEWs that render whole rows of the relation are refreshed as a whole.
void row_type_changed(Oid relation);
// What the definition of a TVIEW means has changed, or what its values look like: it is refreshed as a whole.
void definition_changed(Oid tview);

// From now on to the end of the transaction, any change of what these TVIEWs (list of Oid) read means a full refresh, and
// is not captured further. Reading one brings it up to date all the same.
void suspend(List *tables);
// Ends that for one, or for all (InvalidOid), and brings them up to date.
void resume(Oid table);

// The transaction is about to commit or to be prepared: flushes until nothing is left, firing deferred triggers.
void before_commit(bool prepare);

// Subscribes to the end of transactions and subtransactions. Called once, by _PG_init.
void install_callbacks();

} // namespace tviews::queue
