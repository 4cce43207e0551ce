// refresh/storage.hpp - private to refresh/: what holds the rows of a TVIEW: its table, or the partitions of that.
//
// A TVIEW may be partitioned by hash or range on columns of its key, in one level (ddl/partitions); then a row's
// partition never changes. Parts are numbered in the order of their bounds; a table that is not partitioned is its own part 0.
// One for each flush; what it opens stays locked to the end of the transaction.
#pragma once

#include "dependency/dependency.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "partitioning/partdesc.h"
#include "utils/partcache.h"
}

namespace tviews::refresh {

// Where a stored row is, as a number, for sets of them: part << 48 | block << 16 | offset.
using Place = int64;

inline Place place_of(int part, ItemPointer tid) noexcept {
    return static_cast<Place>(static_cast<uint64>(part) << 48 |
                              static_cast<uint64>(ItemPointerGetBlockNumberNoCheck(tid)) << 16 |
                              ItemPointerGetOffsetNumberNoCheck(tid));
}

inline int part_of(Place place) noexcept { return static_cast<int>(static_cast<uint64>(place) >> 48); }

inline ItemPointerData tid_of(Place place) noexcept {
    ItemPointerData tid;
    ItemPointerSet(&tid, static_cast<BlockNumber>(static_cast<uint64>(place) >> 16),
                   static_cast<OffsetNumber>(place & 0xffff));
    return tid;
}

class Storage {
  public:
    // `table` is open, and stays so as long as this. Raises TV201 when it is partitioned in another way.
    Storage(const dependency::Compiled &tview, Relation table);
    ~Storage();
    Storage(const Storage &) = delete;
    Storage &operator=(const Storage &) = delete;

    Relation table() const noexcept { return table_; }
    bool partitioned() const noexcept { return partitioned_; }
    int parts() const noexcept { return partitioned_ ? partitions_->nparts : 1; }

    // The part for a key (by position in Shape::key, no NULLs); -1 when there is no partition for it.
    int part_for(const Datum *key) const { return partitioned_ ? partition_for(key) : 0; }
    // The part that is the relation.
    int part_number(Oid relation) const { return partitioned_ ? partition_number(relation) : 0; }
    Relation part(int number) { return partitioned_ ? partition(number) : table_; }
    Place place(TupleTableSlot *stored) const {
        return place_of(part_number(stored->tts_tableOid), &stored->tts_tid);
    }

    // The planner's idea of the number of rows; negative when unknown.
    double rows() const;
    // Raises 23514: there is no partition for the key.
    [[noreturn]] void refuse(const Datum *key) const;

  private:
    int partition_for(const Datum *key) const;
    int partition_number(Oid relation) const;
    Relation partition(int number);

    const dependency::Compiled &tview_;
    Relation table_;
    bool partitioned_;
    PartitionKey partition_key_ = nullptr;
    PartitionDesc partitions_ = nullptr;
    pg::vector<int> columns_;                // of the partition key: position in Shape::key
    pg::vector<std::pair<Oid, int>> number_; // ordered
    pg::vector<Relation> opened_;            // by number; nullptr: not yet
    int entered_;
};

} // namespace tviews::refresh
