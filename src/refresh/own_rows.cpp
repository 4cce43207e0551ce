// refresh/own_rows.cpp - see own_rows.hpp.
//
// What a patch relies on (patching.cpp) holds for the columns that identify the row as well: the stored ones are what the
// definition would return. The row is read under the same snapshot that a query would read it under, as the owner, and with
// the owner's rights.
#include "refresh/own_rows.hpp"

#include "pg/list.hpp"
#include "refresh/queries.hpp"

#include <exception>

extern "C" {
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_am_d.h"
#include "optimizer/optimizer.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace tviews::refresh {

namespace {

using definition::Identity;
using definition::Leaves;

// Does the index column compare with the identity's output column as the definition does?
bool compares_alike(Relation index, int at, const Identity &identity) {
    return !OidIsValid(identity.equality) ||
           (get_op_opfamily_strategy(identity.equality, index->rd_opfamily[at]) == BTEqualStrategyNumber &&
            (!OidIsValid(index->rd_indcollation[at]) || index->rd_indcollation[at] == identity.collation));
}

bool unique_at_once(Relation index) {
    Form_pg_index const form = index->rd_index;
    return form->indisunique && form->indimmediate && form->indisvalid && form->indislive &&
           index->rd_rel->relam == BTREE_AM_OID && RelationGetIndexPredicate(index) == NIL &&
           RelationGetIndexExpressions(index) == NIL;
}

// Fills result.index and columns with a unique index over columns that the identity has; false when there is none.
bool find_index(const definition::Shape &shape, Relation table, const pg::vector<Identity> &identity,
                OwnLeaves &result) {
    List *const indexes = RelationGetIndexList(table);
    bool found = false;
    pg::each_oid(indexes, [&](Oid oid) {
        if (found)
            return;
        Relation const index = index_open(oid, AccessShareLock);
        result.columns.clear();
        bool fits = unique_at_once(index);
        for (int i = 0; fits && i < index->rd_index->indnkeyatts; i++) {
            fits = false;
            for (const Identity &one : identity) {
                if (fits || one.attno != index->rd_index->indkey.values[i] || !compares_alike(index, i, one))
                    continue;
                OwnLeaves::Column column{};
                column.column = one.column;
                Oid const type = getBaseType(shape.columns[static_cast<std::size_t>(one.column)].type);
                column.equality = index_equality(index, i, type);
                get_typlenbyval(type, &column.length, &column.by_value);
                fits = OidIsValid(column.equality.procedure);
                if (fits)
                    result.columns.push_back(column);
            }
        }
        index_close(index, AccessShareLock);
        result.index = oid;
        found = fits;
    });
    return found;
}

OwnLeaves *make(dependency::Compiled &tview, std::size_t source, Leaves leaves) {
    const definition::Shape &shape = *tview.shape;
    auto *const result = pg::make_in<OwnLeaves>(tview.context);
    result->leaves = leaves;
    result->relation = shape.sources[source]->relation;
    Relation const table = table_open(result->relation, AccessShareLock);
    bool const found = table->rd_rel->relkind == RELKIND_RELATION &&
                       find_index(shape, table, shape.layout->sources[source].identity, *result);
    table_close(table, NoLock);
    if (!found)
        return nullptr;
    for (const OwnLeaves::Column &column : result->columns)
        result->by_key =
            result->by_key && std::find(shape.key.begin(), shape.key.end(), column.column) != shape.key.end();
    result->document =
        ExecInitExpr(expression_planner(definition::own_document(*shape.layout, leaves)), nullptr);
    result->expressions = CreateStandaloneExprContext();
    return result;
}

bool split(dependency::Compiled &tview, Leaves leaves, pg::vector<OwnLeaves *> &parts) {
    const definition::Layout &layout = *tview.shape->layout;
    for (std::size_t i = 0; i < layout.sources.size() && leaves != 0; i++) {
        Leaves const own = leaves & layout.sources[i].own;
        OwnLeaves *const part = own == 0 ? nullptr : make(tview, i, own);
        if (part == nullptr)
            continue;
        parts.push_back(part);
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

OwnRows::OwnRows(const OwnLeaves &own, const Writer &writer, Oid owner)
    : own_(own), writer_(writer), values_(own.columns.size()), entered_(std::uncaught_exceptions()) {
    table_ = table_open(own.relation, AccessShareLock);
    List *const indexes = RelationGetIndexList(table_);
    if (!table_->rd_rel->relhassubclass && list_member_oid(indexes, own.index) &&
        pg_class_aclcheck(own.relation, owner, ACL_SELECT) == ACLCHECK_OK) {
        index_.emplace(table_, index_open(own.index, AccessShareLock));
        for (std::size_t i = 0; i < own.columns.size(); i++)
            index_->add_column(static_cast<int>(i), own.columns[i].equality);
        context_ = AllocSetContextCreate(CurrentMemoryContext, "pg_tviews own row", ALLOCSET_SMALL_SIZES);
    }
    list_free(indexes);
}

OwnRows::~OwnRows() {
    if (std::uncaught_exceptions() != entered_)
        return;
    index_.reset();
    table_close(table_, NoLock);
}

bool OwnRows::same_as_last() const {
    for (std::size_t i = 0; i < values_.size(); i++)
        if (!datum_image_eq(values_[i], values_of_last_[i], own_.columns[i].by_value, own_.columns[i].length))
            return false;
    return true;
}

const Jsonb *OwnRows::document(TupleTableSlot *stored) {
    for (std::size_t i = 0; i < values_.size(); i++) {
        bool is_null;
        values_[i] = slot_getattr(stored, writer_.attribute(own_.columns[i].column), &is_null);
        if (is_null)
            return nullptr;
    }
    if (last_ != nullptr && same_as_last())
        return last_;
    last_ = nullptr;
    MemoryContextReset(context_);
    TupleTableSlot *const row = index_->find(values_.data());
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
            values_of_last_[i] = datumCopy(values_[i], own_.columns[i].by_value, own_.columns[i].length);
    }
    ResetExprContext(own_.expressions);
    return last_;
}

} // namespace tviews::refresh
