// capture/trigger_functions.cpp - the function of every capture trigger: rows, and TRUNCATE.
//
// The relation's program is found once per statement and kept in the call's FmgrInfo; per row that leaves a check
// whether it is still current.
#include "dependency/program.hpp"
#include "pg/guard.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "commands/trigger.h"
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

} // namespace

// AFTER ROW INSERT, UPDATE, DELETE and AFTER STATEMENT TRUNCATE. No arguments.
TVIEWS_FUNCTION(pg_tviews_internal_capture) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function can only be called as a trigger"));
    auto const *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    TriggerEvent const event = data->tg_event;
    if (!TRIGGER_FIRED_AFTER(event) || TRIGGER_FIRED_FOR_STATEMENT(event) != TRIGGER_FIRED_BY_TRUNCATE(event))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function must be called by an AFTER ROW or AFTER TRUNCATE trigger"));
    if (TRIGGER_FIRED_BY_TRUNCATE(event)) {
        queue::contents_changed(RelationGetRelid(data->tg_relation));
        PG_RETURN_POINTER(nullptr);
    }
    dependency::Program &program = current_program(fcinfo->flinfo, data->tg_relation);
    if (TRIGGER_FIRED_BY_INSERT(event))
        queue::record_change(program, nullptr, data->tg_trigslot);
    else if (TRIGGER_FIRED_BY_DELETE(event))
        queue::record_change(program, data->tg_trigslot, nullptr);
    else
        queue::record_change(program, data->tg_trigslot, data->tg_newslot);
    PG_RETURN_POINTER(nullptr);
}
