// refresh/own_rows.hpp - private to refresh/: computes leaves from base rows that the documents themselves identify
// (definition/own_rows.cpp), without a query.
#pragma once

#include "patch/container.hpp"
#include "refresh/writer.hpp"
#include "refresh/row_index.hpp"

#include <optional>

namespace tviews::refresh {

// Leaves that are own to one source. Made once per compiled TVIEW.
struct OwnLeaves {
    definition::Leaves leaves;
    Oid relation;
    const definition::SourceFeeds *feeds; // says which row
    bool by_key = true;                   // by columns of the TVIEW's key only?
    ExprState *document;
    ExprContext *expressions;
};

inline constexpr std::size_t max_own_parts = 4;

// `leaves` as parts that are own to a source each; nullptr when they are not.
const pg::vector<OwnLeaves *> *own_leaves(dependency::Compiled &tview, definition::Leaves leaves);

// The rows of one source, during one flush.
class OwnRows {
  public:
    OwnRows(const OwnLeaves &own, Writer &writer, Oid owner);

    bool usable() const noexcept { return rows_.usable(); }
    // The document of these leaves that belongs to a stored row, valid until the next call; nullptr: not to be told.
    const Jsonb *document(TupleTableSlot *stored);

  private:
    bool same_as_last() const;

    const OwnLeaves &own_;
    Writer &writer_;
    BaseRows rows_;
    MemoryContext context_; // of last_ and values_of_last_; reset with them
    pg::vector<Datum> values_;
    pg::vector<Datum> values_of_last_;
    const Jsonb *last_ = nullptr; // fan-outs ask for the same row again and again
};

} // namespace tviews::refresh
