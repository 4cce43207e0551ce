// refresh/writer.hpp - private to refresh/: writes rows of a TVIEW's table through the executor.
//
// Uses the simple-relation calls that a logical replication worker uses, so indexes, constraints, generated columns and
// row triggers stay right, and no statement trigger fires. Our own capture trigger is switched off in the writer's copy
// of the triggers: the listener gets every row directly. When the table has other row triggers, changes are kept aside
// until finish(), which runs outside the Environment: user triggers want the user's settings.
#pragma once

#include "pg/executor.hpp"
#include "refresh/maintain.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace tviews::refresh {

// The attribute numbers of the definition's columns, by name; the table may have more, in any order. Raises TV201 for one
// that is missing or has another type.
pg::vector<AttrNumber> definition_columns(const dependency::Compiled &tview, Relation table);

// A row changed by somebody who does not ask for our locks (pg_tviews.allow_direct_writes) is a serialization failure,
// which PostgreSQL reports as an internal error there.
void concurrent_write_edited(const dependency::Compiled &tview, ErrorData *error);

class Writer {
  public:
    // `table` is open with RowExclusiveLock and stays so until after finish(). `outer_context`: the security context
    // outside the Environment.
    Writer(const dependency::Compiled &tview, Relation table, Listener &listener, int outer_context);
    Writer(const Writer &) = delete;
    Writer &operator=(const Writer &) = delete;

    Relation table() const noexcept { return table_; }

    // `row` starts with the definition's columns. Versions are found under the active snapshot.
    void insert(TupleTableSlot *row);
    void update(ItemPointer stored, TupleTableSlot *row); // writes nothing when the images are the same
    void remove(ItemPointer stored);
    // The same with the stored version in a slot of the table.
    void update(TupleTableSlot *stored, TupleTableSlot *row);
    void remove(TupleTableSlot *stored);
    // The stored version with another value in one of the definition's columns.
    void replace(TupleTableSlot *stored, int column, Datum value);
    // Where a column of the definition is in the table.
    AttrNumber attribute(int column) const { return columns_[static_cast<std::size_t>(column)]; }

    // Are changes kept aside until finish()?
    bool defers() const noexcept { return pending_ != nullptr; }
    // Applies what was kept aside, under the active snapshot; before_triggers() comes ahead of AFTER triggers.
    // Call it outside the Environment. Returns the rows written.
    template <typename F> uint64 finish(F &&before_triggers) {
        apply_pending();
        before_triggers();
        close();
        return rows_;
    }

  private:
    struct Default {
        AttrNumber attno;
        ExprState *expression;
    };

    void prepare_triggers();
    void prepare_defaults();
    void keep(char operation, ItemPointer stored, TupleTableSlot *row);
    void copy_stored(TupleTableSlot *stored);
    void write_update(TupleTableSlot *stored);
    void apply_pending();
    void close();
    void insert_now(TupleTableSlot *row);
    void update_now(TupleTableSlot *stored, TupleTableSlot *row);
    void remove_now(TupleTableSlot *stored);
    bool fetch(ItemPointer stored);
    void open_indices();

    const dependency::Compiled &tview_;
    Relation table_;
    Listener &listener_;
    int outer_context_;
    MemoryContext row_context_; // reset after each row
    EState *estate_;
    ResultRelInfo *result_;
    EPQState epq_;
    pg::vector<AttrNumber> columns_; // the definition's columns in the table
    pg::vector<Default> defaults_;   // of the other columns
    TupleTableSlot *stored_;
    TupleTableSlot *fresh_;
    Tuplestorestate *pending_ = nullptr;
    TupleDesc pending_row_ = nullptr;
    bool indices_open_ = false;
    uint64 rows_ = 0;
};

// Fills an empty, not yet indexed table: no triggers, no WAL where PostgreSQL can do without.
class BulkWriter {
  public:
    BulkWriter(const dependency::Compiled &tview, Relation table);
    BulkWriter(const BulkWriter &) = delete;
    BulkWriter &operator=(const BulkWriter &) = delete;
    void insert(TupleTableSlot *row);
    uint64 finish();

  private:
    Relation table_;
    pg::vector<AttrNumber> columns_;
    MemoryContext row_context_;
    TupleTableSlot *fresh_;
    struct BulkInsertStateData *bulk_;
    CommandId command_;
    uint64 rows_ = 0;
};

} // namespace tviews::refresh
