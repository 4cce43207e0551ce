// refresh/assembly.cpp - see assembly.hpp. Expressions and slots are made once per compiled TVIEW, in its context; tables and
// indexes are open for one flush.
#include "refresh/assembly.hpp"

#include "config/settings.hpp"
#include "definition/assembly.hpp"
#include "pg/list.hpp"
#include "refresh/patched.hpp"
#include "refresh/queries.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "utils/datum.h"
}

namespace tviews::refresh {

using definition::Assembly;
using definition::Identity;
using definition::LookUp;
using definition::OutputColumn;

// What a LookUp is in this session.
struct LookUpState {
    const LookUp *look_up;
    pg::vector<ExprState *> values;
    ExprState *joined;
    ExprState *quals;
    AttrNumber last; // column in use
};

struct AssemblyState {
    ExprContext *expressions; // over `assembled`
    TupleTableSlot *assembled;
    TupleTableSlot *result; // the definition's columns
    pg::vector<LookUpState *> look_ups;
    pg::vector<ExprState *> outputs;
};

namespace {

constinit uint64 assembled = 0;

TupleTableSlot *make_slot(const pg::vector<OutputColumn> &columns) {
    TupleDesc const descriptor = CreateTemplateTupleDesc(static_cast<int>(columns.size()));
    AttrNumber attno = 0;
    for (const OutputColumn &column : columns) {
        TupleDescInitEntry(descriptor, ++attno, column.name, column.type, column.typmod, 0);
        TupleDescInitEntryCollation(descriptor, attno, column.collation);
    }
    return MakeSingleTupleTableSlot(descriptor, &TTSOpsVirtual);
}

ExprState *compile(void *expr) {
    return ExecInitExpr(expression_planner(static_cast<Expr *>(copyObject(expr))), nullptr);
}

ExprState *compile_all(List *conditions) {
    return ExecInitQual(reinterpret_cast<List *>(expression_planner(
                            static_cast<Expr *>(copyObject(static_cast<void *>(conditions))))),
                        nullptr);
}

AssemblyState *make(dependency::Compiled &tview, const Assembly &assembly) {
    pg::ScopedContext const scope(tview.context);
    auto *const state = pg::make_in<AssemblyState>(tview.context);
    state->expressions = CreateStandaloneExprContext();
    state->assembled = make_slot(assembly.row);
    state->expressions->ecxt_scantuple = state->assembled;
    state->result = make_slot(tview.shape->columns);
    for (const LookUp *look_up : assembly.look_ups) {
        auto *const made = pg::make_in<LookUpState>(tview.context);
        made->look_up = look_up;
        for (Node *value : pg::each<Node>(look_up->values))
            made->values.push_back(compile(value));
        made->joined = compile_all(look_up->joined);
        made->quals = compile_all(look_up->quals);
        made->last = 0;
        for (const LookUp::Column &column : look_up->columns)
            made->last = std::max(made->last, column.attno);
        state->look_ups.push_back(made);
    }
    for (Node *output : pg::each<Node>(assembly.outputs))
        state->outputs.push_back(compile(output));
    return state;
}

} // namespace

Assembler::Source::Source(const LookUpState &own, Oid owner)
    : state(own), rows(own.look_up->relation, own.look_up->index, own.look_up->identity, owner),
      context(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews look-up", ALLOCSET_SMALL_SIZES)),
      key(own.look_up->identity.size()), last_key(own.look_up->identity.size()) {}

Assembler::Assembler(dependency::Compiled &tview) : tview_(tview) {
    const definition::Shape &shape = *tview.shape;
    if (!config::enable_patch || shape.assembly == nullptr)
        return;
    Queries &plans = queries(tview);
    if (plans.assembly == nullptr)
        plans.assembly = make(tview, *shape.assembly);
    pg::vector<std::optional<Source>> fresh(plans.assembly->look_ups.size());
    sources_.swap(fresh);
    for (const Identity &identity : shape.assembly->look_ups[0]->identity)
        unit_.push_back(static_cast<int>(std::find(shape.unit.begin(), shape.unit.end(), identity.column) -
                                         shape.unit.begin()));
    state_ = plans.assembly;
}

// nullptr when the table has to be left to a query.
Assembler::Source *Assembler::source(std::size_t number) {
    std::optional<Source> &result = sources_[number];
    if (!result) {
        pg::ScopedContext const scope(context_);
        (void) result.emplace(*state_->look_ups[number], tview_.owner);
    }
    return result->rows.usable() ? &*result : nullptr;
}

// False when a column of the key is NULL, which nothing is equal to.
bool Assembler::key_of(Source &source, const Datum *unit) {
    for (std::size_t i = 0; i < source.key.size(); i++) {
        if (source.state.values.empty()) {
            source.key[i] = unit[unit_[i]];
            continue;
        }
        bool is_null;
        source.key[i] = ExecEvalExprSwitchContext(source.state.values[i], state_->expressions, &is_null);
        if (is_null)
            return false;
    }
    return true;
}

TupleTableSlot *Assembler::look_up(Source &source) {
    pg::vector<Identity> const &identity = source.state.look_up->identity;
    bool same = source.known;
    for (std::size_t i = 0; same && i < identity.size(); i++)
        same = datum_image_eq(source.key[i], source.last_key[i], identity[i].by_value, identity[i].length);
    if (same)
        return source.last;
    source.known = false;
    source.last = source.rows.find(source.key.data());
    MemoryContextReset(source.context);
    pg::ScopedContext const scope(source.context);
    for (std::size_t i = 0; i < identity.size(); i++)
        source.last_key[i] = datumCopy(source.key[i], identity[i].by_value, identity[i].length);
    source.known = true;
    return source.last;
}

// Puts the row of this look-up into the assembled one. False when the definition has no such row.
bool Assembler::join(Source &source, const Datum *unit) {
    LookUp const &look_up = *source.state.look_up;
    TupleTableSlot *const assembled = state_->assembled;
    TupleTableSlot *const found = key_of(source, unit) ? this->look_up(source) : nullptr;
    if (found != nullptr) {
        slot_getsomeattrs(found, source.state.last);
        for (const LookUp::Column &column : look_up.columns) {
            assembled->tts_values[column.position] = found->tts_values[column.attno - 1];
            assembled->tts_isnull[column.position] = found->tts_isnull[column.attno - 1];
        }
        if (!ExecQual(source.state.joined, state_->expressions))
            for (const LookUp::Column &column : look_up.columns)
                assembled->tts_isnull[column.position] = true;
    } else if (!look_up.outer) {
        return false;
    }
    return ExecQual(source.state.quals, state_->expressions);
}

TupleTableSlot *Assembler::row(const Datum *unit) {
    TupleTableSlot *const assembled_row = state_->assembled;
    ResetExprContext(state_->expressions);
    ExecClearTuple(assembled_row);
    memset(assembled_row->tts_isnull, true,
           static_cast<std::size_t>(assembled_row->tts_tupleDescriptor->natts));
    ExecStoreVirtualTuple(assembled_row);
    for (std::size_t i = 0; i < sources_.size(); i++) {
        Source *const one = source(i);
        if (one == nullptr)
            state_ = nullptr;
        if (one == nullptr || !join(*one, unit))
            return nullptr;
    }
    TupleTableSlot *const result = state_->result;
    ExecClearTuple(result);
    for (std::size_t i = 0; i < state_->outputs.size(); i++)
        result->tts_values[i] =
            ExecEvalExprSwitchContext(state_->outputs[i], state_->expressions, &result->tts_isnull[i]);
    ExecStoreVirtualTuple(result);
    assembled++;
    return result;
}

uint64 assembled_rows() noexcept { return assembled; }

} // namespace tviews::refresh
