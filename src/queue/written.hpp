// queue/written.hpp - which rows of TVIEWs this transaction has written, for pg_tviews_flush_and_report().
#pragma once

#include "pg/memory.hpp"

namespace tviews::queue {

struct WrittenRow {
    bool existed; // before the transaction
    Datum id;     // of the column id, before the transaction or when it was inserted
    bool id_is_null;
    pg::vector<Datum> key;
};

struct WrittenRows {
    Oid table;
    bool has_id;
    pg::vector<AttrNumber> key; // never NULL in a row
    bool incomplete;            // more rows than are remembered
    pg::vector<WrittenRow> rows;
};

// In the order of flushes; each key once. Whether a row is still there is not said. Made in CurrentMemoryContext.
pg::vector<WrittenRows> written_rows();

// A row of a TVIEW has been inserted (old_row nullptr), deleted (new_row nullptr) or updated. `physical`: the table, or the
// partition of it that has the row.
void note_written(Relation tview, Relation physical, TupleTableSlot *old_row, TupleTableSlot *new_row);

} // namespace tviews::queue
