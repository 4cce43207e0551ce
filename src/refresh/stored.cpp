// refresh/stored.cpp - see stored.hpp.
#include "refresh/stored.hpp"

#include <exception>

extern "C" {
#include "access/stratnum.h"
#include "access/tableam.h"
#include "utils/inval.h"
}

namespace tviews::refresh {

KeyIndex::KeyIndex(const dependency::Compiled &tview, Relation table)
    : table_(table), entered_(std::uncaught_exceptions()) {
    list_free(RelationGetIndexList(table)); // finds out about the primary key
    if (!OidIsValid(table->rd_pkindex))
        return;
    Relation const index = index_open(table->rd_pkindex, AccessShareLock);
    const definition::Shape &shape = *tview.shape;
    bool fits = index->rd_index->indisvalid &&
                static_cast<std::size_t>(index->rd_index->indnkeyatts) == shape.key.size();
    for (int i = 0; fits && i < index->rd_index->indnkeyatts; i++) {
        AttrNumber const attno = index->rd_index->indkey.values[i];
        const char *const name =
            attno > 0 ? NameStr(TupleDescAttr(RelationGetDescr(table), attno - 1)->attname) : "";
        int position = -1;
        for (std::size_t k = 0; k < shape.key.size(); k++)
            if (strcmp(shape.columns[static_cast<std::size_t>(shape.key[k])].name, name) == 0)
                position = static_cast<int>(k);
        Oid const type = index->rd_opcintype[i];
        Oid const equality = get_opfamily_member(index->rd_opfamily[i], type, type, BTEqualStrategyNumber);
        fits = position >= 0 && OidIsValid(equality);
        if (!fits)
            break;
        columns_.push_back(position);
        keys_.emplace_back();
        ScanKeyEntryInitialize(&keys_.back(), 0, static_cast<AttrNumber>(i + 1), BTEqualStrategyNumber,
                               InvalidOid, index->rd_indcollation[i], get_opcode(equality), Datum(0));
    }
    if (!fits) {
        index_close(index, AccessShareLock);
        return;
    }
    index_ = index;
    slot_ = table_slot_create(table, nullptr);
}

KeyIndex::~KeyIndex() {
    if (!usable() || std::uncaught_exceptions() != entered_)
        return;
    ExecDropSingleTupleTableSlot(slot_);
    index_close(index_, NoLock);
}

TupleTableSlot *KeyIndex::find(const Datum *values) {
    for (std::size_t i = 0; i < keys_.size(); i++)
        keys_[i].sk_argument = values[columns_[i]];
    auto const count = static_cast<int>(keys_.size());
    IndexScanDesc const scan = pg::begin_index_scan(table_, index_, GetActiveSnapshot(), count);
    index_rescan(scan, keys_.data(), count, nullptr, 0);
    bool const found = index_getnext_slot(scan, ForwardScanDirection, slot_);
    if (found)
        ExecMaterializeSlot(slot_); // outlives the scan's buffer pin
    else
        ExecClearTuple(slot_);
    index_endscan(scan);
    return found ? slot_ : nullptr;
}

} // namespace tviews::refresh
