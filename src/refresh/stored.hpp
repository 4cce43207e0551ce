// refresh/stored.hpp - private to refresh/: finds stored rows of a TVIEW by key through its primary key's index.
#pragma once

#include "dependency/dependency.hpp"
#include "pg/executor.hpp"

namespace tviews::refresh {

// A ctid as a number, for sets of them.
inline int64 packed(ItemPointer tid) noexcept {
    return static_cast<int64>(static_cast<uint64>(ItemPointerGetBlockNumberNoCheck(tid)) << 16 |
                              ItemPointerGetOffsetNumberNoCheck(tid));
}

class KeyIndex {
  public:
    // `table` stays open as long as this. Not usable when the primary key is not on the definition's key columns.
    KeyIndex(const dependency::Compiled &tview, Relation table);
    ~KeyIndex();
    KeyIndex(const KeyIndex &) = delete;
    KeyIndex &operator=(const KeyIndex &) = delete;

    bool usable() const noexcept { return index_ != nullptr; }
    Oid id() const noexcept { return usable() ? RelationGetRelid(index_) : InvalidOid; }
    // The row with this key visible to the active snapshot, or nullptr. values by position in Shape::key.
    // The slot is valid until the next find().
    TupleTableSlot *find(const Datum *values);

  private:
    Relation table_;
    Relation index_ = nullptr;
    pg::vector<int> columns_; // by index column: position in Shape::key
    pg::vector<ScanKeyData> keys_;
    TupleTableSlot *slot_ = nullptr;
    int entered_;
};

} // namespace tviews::refresh
