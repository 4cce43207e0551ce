// refresh/writer.hpp - private to refresh/: writes rows of a TVIEW's table through the executor.
//
// Uses the simple-relation calls that a logical replication worker uses, so indexes, constraints, generated columns and
// row triggers stay right, and no statement trigger fires. Our own capture trigger is switched off in the writer's copy
// of the triggers: the listener gets every row directly. When the table has other row triggers, changes are kept aside
// until finish(), which runs outside the Environment: user triggers want the user's settings. Of a partitioned TVIEW the
// partitions are written, as they are needed.
#pragma once

#include "pg/executor.hpp"
#include "refresh/maintain.hpp"
#include "refresh/storage.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace tviews::refresh {

// The attribute numbers of the definition's columns, by name; the table may have more, in any order. Raises TV201 for one
// that is missing or has another type.
pg::vector<AttrNumber> definition_columns(const dependency::Compiled &tview, Relation table);

// The constraint that a repeated key would violate.
struct KeyConstraint {
    const char *schema;
    const char *table;
    const char *name;
};
// nullptr when the table, whose names these are, has no primary key.
KeyConstraint *key_constraint(const char *schema, const char *name, Relation table);

// A row changed by somebody who does not ask for our locks (pg_tviews.allow_direct_writes) is a serialization failure,
// which PostgreSQL reports as an internal error there.
void concurrent_write_edited(const dependency::Compiled &tview, ErrorData *error);

// Rows.
struct Written {
    uint64 inserted = 0;
    uint64 updated = 0;
    uint64 deleted = 0;
    uint64 unchanged = 0; // were right already

    uint64 rows() const noexcept { return inserted + updated + deleted; }
};

class Writer {
  public:
    // `storage` is of a table that is open with RowExclusiveLock and stays until after finish(). `outer_context`: the
    // security context outside the Environment. `constraint` is set to that of the partition that a row goes into.
    Writer(const dependency::Compiled &tview, Storage &storage, Listener &listener, int outer_context,
           const KeyConstraint **constraint);
    Writer(const Writer &) = delete;
    Writer &operator=(const Writer &) = delete;

    Storage &storage() const noexcept { return storage_; }

    // `row` starts with the definition's columns. Versions are found under the active snapshot.
    void insert(TupleTableSlot *row);
    void update(Place stored, TupleTableSlot *row); // writes nothing when the images are the same
    void remove(Place stored);
    // The same with the stored version in a slot of the table.
    void update(TupleTableSlot *stored, TupleTableSlot *row);
    void remove(TupleTableSlot *stored);
    // The stored version with another value in one of the definition's columns.
    void replace(TupleTableSlot *stored, int column, Datum value);
    // Where a column of the definition is in a stored version.
    AttrNumber attribute(TupleTableSlot *stored, int column) {
        return target_of(stored).columns[static_cast<std::size_t>(column)];
    }

    // A stored row is right.
    void unchanged() noexcept { written_.unchanged++; }

    // Are changes kept aside until finish()?
    bool defers() const noexcept { return pending_ != nullptr; }
    // Applies what was kept aside, under the active snapshot; before_triggers() comes ahead of AFTER triggers.
    // Call it outside the Environment. Returns what was written.
    template <typename F> Written finish(F &&before_triggers) {
        apply_pending();
        before_triggers();
        close();
        return written_;
    }

  private:
    struct Default {
        AttrNumber attno;
        ExprState *expression;
    };

    // The table, or one partition.
    struct Target {
        Relation table;
        ResultRelInfo *result;
        const KeyConstraint *constraint; // of a partition
        pg::vector<AttrNumber> columns;  // the definition's columns in the table
        pg::vector<Default> defaults;    // of the other columns
        TupleTableSlot *stored;
        TupleTableSlot *fresh;
        bool indices_open;
    };

    Target &target(int part) {
        Target *const known = targets_[static_cast<std::size_t>(part)];
        return known != nullptr ? *known : open(part);
    }
    Target &target_of(TupleTableSlot *stored) { return target(storage_.part_number(stored->tts_tableOid)); }
    Target &target_for(TupleTableSlot *row);
    Target &open(int part);
    void prepare_triggers(const Target &target);
    void prepare_defaults(Target &target);
    void keep_from_now_on();
    void keep(char operation, Place stored, TupleTableSlot *row);
    static void copy_stored(Target &target, TupleTableSlot *stored);
    void write_update(Target &target, TupleTableSlot *stored);
    void apply_pending();
    void close();
    void insert_now(Target &target, TupleTableSlot *row);
    void update_now(Target &target, TupleTableSlot *stored, TupleTableSlot *row);
    void remove_now(Target &target, TupleTableSlot *stored);
    void fetch(Target &target, Place stored); // into Target::stored
    void open_indices(Target &target);

    const dependency::Compiled &tview_;
    Storage &storage_;
    Listener &listener_;
    int outer_context_;
    const KeyConstraint **constraint_;
    MemoryContext row_context_; // reset after each row
    EState *estate_;
    ResultRelInfo *root_ = nullptr; // of a partitioned table
    EPQState epq_;
    pg::vector<Target *> targets_; // by part; nullptr: not yet
    Tuplestorestate *pending_ = nullptr;
    TupleDesc pending_row_ = nullptr;
    Written written_;
};

// Fills an empty, not yet indexed table: no triggers, no WAL where PostgreSQL can do without.
class BulkWriter {
  public:
    BulkWriter(const dependency::Compiled &tview, Storage &storage);
    BulkWriter(const BulkWriter &) = delete;
    BulkWriter &operator=(const BulkWriter &) = delete;
    void insert(TupleTableSlot *row);
    uint64 finish();

  private:
    struct Target {
        Relation table;
        pg::vector<AttrNumber> columns;
        TupleTableSlot *fresh;
    };
    Target &target_for(TupleTableSlot *row);

    const dependency::Compiled &tview_;
    Storage &storage_;
    MemoryContext context_;
    MemoryContext row_context_;
    pg::vector<Target *> targets_;     // by part; nullptr: not yet
    struct BulkInsertStateData *bulk_; // nullptr when there are several
    CommandId command_;
    uint64 rows_ = 0;
};

} // namespace tviews::refresh
