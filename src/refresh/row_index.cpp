// refresh/row_index.cpp - see row_index.hpp. One scan serves all look-ups; between them it holds no buffer,
// because a pinned page cannot be pruned when a row on it is updated.
#include "refresh/row_index.hpp"

#include <exception>

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "utils/acl.h"
}

namespace tviews::refresh {

RowIndex::RowIndex(Relation table, Relation index)
    : table_(table), index_(index), slot_(table_slot_create(table, nullptr)),
      entered_(std::uncaught_exceptions()) {}

RowIndex::~RowIndex() {
    if (std::uncaught_exceptions() != entered_)
        return;
    if (scan_ != nullptr)
        index_endscan(scan_);
    ExecDropSingleTupleTableSlot(slot_);
    index_close(index_, NoLock);
}

void RowIndex::add_column(int position, const pg::IndexEquality &equality) {
    auto const attno = static_cast<AttrNumber>(keys_.size() + 1);
    positions_.push_back(position);
    keys_.emplace_back();
    ScanKeyEntryInitialize(&keys_.back(), 0, attno, BTEqualStrategyNumber, equality.type,
                           index_->rd_indcollation[attno - 1], equality.procedure, Datum(0));
}

TupleTableSlot *RowIndex::find(const Datum *values) {
    pg::ScopedContext const scope(keys_.get_allocator().context()); // the scan keeps what it allocates
    auto const count = static_cast<int>(keys_.size());
    for (std::size_t i = 0; i < keys_.size(); i++)
        keys_[i].sk_argument = values[positions_[i]];
    if (scan_ == nullptr)
        scan_ = pg::begin_index_scan(table_, index_, GetActiveSnapshot(), count);
    index_rescan(scan_, keys_.data(), count, nullptr, 0);
    bool const found = index_getnext_slot(scan_, ForwardScanDirection, slot_);
    if (found)
        ExecMaterializeSlot(slot_); // lets go of the buffer
    else
        ExecClearTuple(slot_);
    table_index_fetch_reset(scan_->xs_heapfetch);
    return found ? slot_ : nullptr;
}

BaseRows::BaseRows(Oid relation, Oid index, const pg::vector<definition::Identity> &identity, Oid owner)
    : table_(table_open(relation, AccessShareLock)), entered_(std::uncaught_exceptions()) {
    List *const indexes = RelationGetIndexList(table_);
    if (!table_->rd_rel->relhassubclass && list_member_oid(indexes, index) &&
        pg_class_aclcheck(relation, owner, ACL_SELECT) == ACLCHECK_OK) {
        Relation const opened = index_open(index, AccessShareLock);
        if (!pg::complete_for_snapshot(opened)) {
            index_close(opened, NoLock);
            list_free(indexes);
            return;
        }
        index_.emplace(table_, opened);
        for (std::size_t i = 0; i < identity.size(); i++)
            index_->add_column(static_cast<int>(i), identity[i].equality);
    }
    list_free(indexes);
}

BaseRows::~BaseRows() {
    if (std::uncaught_exceptions() != entered_)
        return;
    index_.reset();
    table_close(table_, NoLock);
}

} // namespace tviews::refresh
