// refresh/row_index.hpp - private to refresh/: finds rows of a table through a unique B-tree index.
#pragma once

#include "definition/definition.hpp"

#include <optional>

namespace tviews::refresh {

class RowIndex {
  public:
    // Both are open, and the index is closed by this. `table` stays open as long as this.
    RowIndex(Relation table, Relation index);
    ~RowIndex();
    RowIndex(const RowIndex &) = delete;
    RowIndex &operator=(const RowIndex &) = delete;

    Oid id() const noexcept { return RelationGetRelid(index_); }
    // The next index column equals the value at `position` of find().
    void add_column(int position, const pg::IndexEquality &equality);
    // The row with these values visible to the snapshot that was active at the first call, or nullptr. The slot is valid
    // until the next call.
    TupleTableSlot *find(const Datum *values);

  private:
    Relation table_;
    Relation index_;
    TupleTableSlot *slot_;
    IndexScanDesc scan_ = nullptr;
    pg::vector<int> positions_; // by index column
    pg::vector<ScanKeyData> keys_;
    int entered_;
};

// A base table and the unique index that identifies its rows (definition/own_rows.cpp), read as the owner of a TVIEW.
class BaseRows {
  public:
    BaseRows(Oid relation, Oid index, const pg::vector<definition::Identity> &identity, Oid owner);
    ~BaseRows();
    BaseRows(const BaseRows &) = delete;
    BaseRows &operator=(const BaseRows &) = delete;

    // False when the table has to be left to a query.
    bool usable() const noexcept { return index_.has_value(); }
    // As RowIndex::find(); values by position in the identity.
    TupleTableSlot *find(const Datum *values) { return index_->find(values); }

  private:
    Relation table_;
    std::optional<RowIndex> index_;
    int entered_;
};

} // namespace tviews::refresh
