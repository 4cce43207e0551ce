// refresh/stored.hpp - private to refresh/: finds stored rows of a TVIEW by key through its primary key's index.
#pragma once

#include "dependency/dependency.hpp"
#include "refresh/row_index.hpp"

#include <optional>

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

    bool usable() const noexcept { return index_.has_value(); }
    // The row with this key, as RowIndex::find(). values by position in Shape::key.
    TupleTableSlot *find(const Datum *values) { return index_->find(values); }

  private:
    std::optional<RowIndex> index_;
};

} // namespace tviews::refresh
