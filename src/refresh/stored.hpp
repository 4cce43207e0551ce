// refresh/stored.hpp - private to refresh/: finds stored rows of a TVIEW by key through its primary key's index.
#pragma once

#include "refresh/row_index.hpp"
#include "refresh/storage.hpp"

#include <optional>

namespace tviews::refresh {

class KeyIndex {
  public:
    // `storage` stays as long as this. Not usable when the primary key is not on the definition's key columns.
    KeyIndex(const dependency::Compiled &tview, Storage &storage);

    bool usable() const noexcept { return index_.has_value(); }
    // The row with this key, as RowIndex::find(). values by position in Shape::key.
    TupleTableSlot *find(const Datum *values) {
        return storage_.partitioned() ? find_in_partition(values) : index_->find(values);
    }

    Place place(TupleTableSlot *stored) const { return storage_.place(stored); }

  private:
    void open(Relation table, std::optional<RowIndex> &index) const;
    TupleTableSlot *find_in_partition(const Datum *values);

    const dependency::Compiled &tview_;
    Storage &storage_;
    MemoryContext context_ = CurrentMemoryContext;
    std::optional<RowIndex> index_;                  // of the table
    pg::vector<std::optional<RowIndex>> partitions_; // by part, as they are needed
};

} // namespace tviews::refresh
