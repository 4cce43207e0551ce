// refresh/maintain.hpp - brings one TVIEW up to date with what a transaction has changed. Called by queue/ only.
#pragma once

#include "dependency/dependency.hpp"

namespace tviews::refresh {

// When the flush happens decides about snapshots and waiting (design 3.4).
enum class Timing { mid_transaction, commit, prepare };

// The pending part [flushed(), end) of a set of the queue.
struct Pending {
    const pg::ValueSet *set = nullptr;
    uint32 end = 0;

    uint32 begin() const noexcept { return set == nullptr ? 0 : std::min(set->flushed(), end); }
    bool empty() const noexcept { return set == nullptr || begin() == end; }
    bool all() const noexcept;
};

struct EdgeChanges {
    Pending w; // link values of changed rows behind the edge
    Pending r; // hashes of link values that rows newly look through
};

struct Changes {
    pg::vector<EdgeChanges> edges; // as in Shape::edges
    Pending keys;
    bool all = false;                // every row may be affected
    bool gone = false;               // rows that carried the key have been deleted
    uint64 sources = 0;              // bit i: source i has changed; for messages
    definition::Leaves leaves = 0;   // not 0: nothing but these leaves can have changed
    definition::Leaves elements = 0; // and of these only the elements below
    struct Elements {
        const pg::ValueSet *ids;
        bool moved; // they may have come, gone, or changed their places
    };
    pg::vector<Elements> arrays; // as in Layout::arrays
};

// What maintenance tells the queue while it works.
class Listener {
  public:
    // A row of a TVIEW has been inserted (old_row nullptr), deleted (new_row nullptr) or changed. `physical`: the table, or
    // the partition of it that has the row; the slots are as it is.
    virtual void changed(Relation tview, Relation physical, TupleTableSlot *old_row,
                         TupleTableSlot *new_row) = 0;
    // The changes have been applied; user triggers on the TVIEW fire after this. `keys` are all keys processed.
    virtual void applied(const pg::ValueSet &keys, bool all) = 0;

  protected:
    ~Listener() = default;
};

// Where a full refresh, which no flush asked for, reports the rows it writes. Set once, by queue.
using RecordChange = void (*)(Relation tview, Relation physical, TupleTableSlot *old_row,
                              TupleTableSlot *new_row);
void set_recorder(RecordChange recorder);

// Returns the rows written.
uint64 maintain(dependency::Compiled &tview, const Changes &changes, Timing timing, Listener &listener);

} // namespace tviews::refresh
