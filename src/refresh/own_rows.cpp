// refresh/own_rows.cpp - see own_rows.hpp.
//
// What a patch relies on (patching.cpp) holds for the columns that identify the row as well: the stored ones are what the
// definition would return. The row is read under the same snapshot that a query would read it under, as the owner, and with
// the owner's rights.
#include "refresh/own_rows.hpp"

#include "pg/list.hpp"
#include "refresh/queries.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "utils/datum.h"
#include "utils/rel.h"
}

namespace tviews::refresh {

namespace {

using definition::Identity;
using definition::Leaves;

OwnLeaves *make(dependency::Compiled &tview, std::size_t source, Leaves leaves) {
    const definition::Shape &shape = *tview.shape;
    auto *const result = pg::make_in<OwnLeaves>(tview.context);
    result->leaves = leaves;
    result->relation = shape.sources[source]->relation;
    result->feeds = &shape.layout->sources[source];
    for (const Identity &identity : result->feeds->identity)
        if (std::find(shape.key.begin(), shape.key.end(), identity.column) == shape.key.end())
            result->by_key = false;
    result->document =
        ExecInitExpr(expression_planner(definition::own_document(*shape.layout, leaves)), nullptr);
    result->expressions = CreateStandaloneExprContext();
    return result;
}

bool split(dependency::Compiled &tview, Leaves leaves, pg::vector<OwnLeaves *> &parts) {
    const definition::Layout &layout = *tview.shape->layout;
    for (std::size_t i = 0; i < layout.sources.size() && leaves != 0; i++) {
        Leaves const own = leaves & layout.sources[i].own;
        if (own != 0)
            parts.push_back(make(tview, i, own));
        leaves &= ~own;
    }
    return leaves == 0 && parts.size() <= max_own_parts;
}

} // namespace

const pg::vector<OwnLeaves *> *own_leaves(dependency::Compiled &tview, Leaves leaves) {
    constexpr std::size_t most = 32;
    Queries &all = queries(tview);
    for (const OwnParts *known : all.own)
        if (known->leaves == leaves)
            return known->usable ? &known->parts : nullptr;
    if (all.own.size() >= most)
        return nullptr;
    pg::ScopedContext const scope(tview.context);
    auto *const fresh = pg::make_in<OwnParts>(tview.context);
    fresh->leaves = leaves;
    fresh->usable = split(tview, leaves, fresh->parts);
    all.own.push_back(fresh);
    return fresh->usable ? &fresh->parts : nullptr;
}

OwnRows::OwnRows(const OwnLeaves &own, Writer &writer, Oid owner)
    : own_(own), writer_(writer), rows_(own.relation, own.feeds->index, own.feeds->identity, owner),
      context_(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews own row", ALLOCSET_SMALL_SIZES)),
      values_(own.feeds->identity.size()) {}

bool OwnRows::same_as_last() const {
    for (std::size_t i = 0; i < values_.size(); i++)
        if (!datum_image_eq(values_[i], values_of_last_[i], own_.feeds->identity[i].by_value,
                            own_.feeds->identity[i].length))
            return false;
    return true;
}

const Jsonb *OwnRows::document(TupleTableSlot *stored) {
    for (std::size_t i = 0; i < values_.size(); i++) {
        bool is_null;
        values_[i] =
            slot_getattr(stored, writer_.attribute(stored, own_.feeds->identity[i].column), &is_null);
        if (is_null)
            return nullptr;
    }
    if (last_ != nullptr && same_as_last())
        return last_;
    last_ = nullptr;
    MemoryContextReset(context_);
    TupleTableSlot *const row = rows_.find(values_.data());
    if (row == nullptr)
        return nullptr;
    own_.expressions->ecxt_scantuple = row;
    bool is_null;
    Datum const fresh = ExecEvalExprSwitchContext(own_.document, own_.expressions, &is_null);
    own_.expressions->ecxt_scantuple = nullptr;
    if (!is_null) {
        pg::ScopedContext const scope(context_);
        last_ = DatumGetJsonbPCopy(fresh);
        values_of_last_.assign(values_.begin(), values_.end());
        for (std::size_t i = 0; i < values_.size(); i++)
            values_of_last_[i] =
                datumCopy(values_[i], own_.feeds->identity[i].by_value, own_.feeds->identity[i].length);
    }
    ResetExprContext(own_.expressions);
    return last_;
}

} // namespace tviews::refresh
