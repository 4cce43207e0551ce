// capture/trigger_functions.cpp - the function of every capture trigger: rows, statements, and TRUNCATE.
//
// The relation's program is found once per statement and kept in the call's FmgrInfo; per row that leaves a check
// whether it is still current. Statement triggers stand on tables without partitions, children or parents only
// (dependency/capture_by), so transition tables have the table's row type, and those of an UPDATE the same rows in the same
// order: PostgreSQL adds the old and the new version of a row together.
#include "dependency/program.hpp"
#include "pg/guard.hpp"
#include "pg/handles.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "commands/trigger.h"
#include "executor/executor.h"
#include "utils/tuplestore.h"
}

namespace {

using namespace tviews;

dependency::Program &current_program(FmgrInfo *call, Relation relation) {
    auto *program = static_cast<dependency::Program *>(call->fn_extra);
    if (program == nullptr || program->relation != RelationGetRelid(relation)) {
        program = dependency::program_for(RelationGetRelid(relation));
        call->fn_extra = program; // stays where it is for the session
        return *program;
    }
    return *dependency::refreshed(program);
}

// One pass over a transition table; nullptr has no rows. Others may read it too.
class Rows {
  public:
    Rows(Tuplestorestate *store, Relation relation) : store_(store), relation_(RelationGetRelid(relation)) {
        if (store == nullptr)
            return;
        slot_ = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsMinimalTuple);
        pointer_ = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
        tuplestore_select_read_pointer(store, pointer_);
        tuplestore_rescan(store);
    }

    // nullptr: no more. Valid until the next call.
    TupleTableSlot *next() {
        if (slot_ == nullptr)
            return nullptr;
        tuplestore_select_read_pointer(store_, pointer_);
        if (!tuplestore_gettupleslot(store_, true, false, slot_))
            return nullptr;
        slot_->tts_tableOid = relation_;
        return slot_;
    }

    void close() {
        if (slot_ != nullptr)
            ExecDropSingleTupleTableSlot(slot_);
    }

  private:
    Tuplestorestate *store_;
    Oid relation_;
    TupleTableSlot *slot_ = nullptr;
    int pointer_ = 0;
};

void capture_statement(dependency::Program &program, const TriggerData &data) {
    if (program.body->uses.empty())
        return;
    Rows old_rows(data.tg_oldtable, data.tg_relation);
    Rows new_rows(data.tg_newtable, data.tg_relation);
    MemoryContext const row_context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_tviews captured row", ALLOCSET_SMALL_SIZES);
    for (;;) {
        TupleTableSlot *const old_row = old_rows.next();
        TupleTableSlot *const new_row = new_rows.next();
        if (old_row == nullptr && new_row == nullptr)
            break;
        CHECK_FOR_INTERRUPTS();
        pg::ScopedContext const scope(row_context);
        queue::record_change(*dependency::refreshed(&program), old_row, new_row);
        MemoryContextReset(row_context);
    }
    old_rows.close();
    new_rows.close();
    MemoryContextDelete(row_context);
}

bool has_rows(const TriggerData &data) {
    bool const needs_old = !TRIGGER_FIRED_BY_INSERT(data.tg_event);
    bool const needs_new = !TRIGGER_FIRED_BY_DELETE(data.tg_event);
    return (data.tg_oldtable != nullptr) == needs_old && (data.tg_newtable != nullptr) == needs_new;
}

} // namespace

// AFTER ROW INSERT, UPDATE, DELETE; AFTER STATEMENT TRUNCATE; AFTER STATEMENT INSERT, UPDATE, DELETE with transition tables;
// and BEFORE STATEMENT, which has the library loaded (capture/hooks). No arguments.
TVIEWS_FUNCTION(pg_tviews_internal_capture) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function can only be called as a trigger"));
    auto const *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    TriggerEvent const event = data->tg_event;
    if (TRIGGER_FIRED_BEFORE(event) && TRIGGER_FIRED_FOR_STATEMENT(event))
        PG_RETURN_POINTER(nullptr);
    bool const statement = TRIGGER_FIRED_FOR_STATEMENT(event) && !TRIGGER_FIRED_BY_TRUNCATE(event);
    if (!TRIGGER_FIRED_AFTER(event) || (statement && !has_rows(*data)))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function must be called by an AFTER ROW or AFTER TRUNCATE trigger, or by one with "
                       "transition tables"));
    if (TRIGGER_FIRED_BY_TRUNCATE(event)) {
        queue::contents_changed(RelationGetRelid(data->tg_relation));
        PG_RETURN_POINTER(nullptr);
    }
    dependency::Program &program = current_program(fcinfo->flinfo, data->tg_relation);
    if (statement)
        capture_statement(program, *data);
    else if (TRIGGER_FIRED_BY_INSERT(event))
        queue::record_change(program, nullptr, data->tg_trigslot);
    else if (TRIGGER_FIRED_BY_DELETE(event))
        queue::record_change(program, data->tg_trigslot, nullptr);
    else
        queue::record_change(program, data->tg_trigslot, data->tg_newslot);
    PG_RETURN_POINTER(nullptr);
}
