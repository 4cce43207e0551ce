// elements.cpp - the functions on arrays of objects: find, update, remove and insert elements by a member's value.
#include "arguments.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
}

using namespace jsonb_delta;

namespace {

// The arguments array_path, match_key, match_value from position `first` on.
patch::Match match_arguments(FunctionCallInfo fcinfo, int first) {
    return {text_key(PG_GETARG_DATUM(first)), text_key(PG_GETARG_DATUM(first + 1)),
            patch::value_of(document(PG_GETARG_DATUM(first + 2)))};
}

Datum merge_element(Datum target, const patch::Match &match, const char *name, const Jsonb *updates) {
    const Jsonb *const before = document(target);
    return result(target, before, patch::merge_element(before, match, object(name, updates)));
}

patch::Order order_of(FunctionCallInfo fcinfo, int argument) {
    if (PG_ARGISNULL(argument))
        return patch::Order::ascending;
    const char *const word = TextDatumGetCString(PG_GETARG_DATUM(argument));
    if (pg_strcasecmp(word, "asc") == 0)
        return patch::Order::ascending;
    if (pg_strcasecmp(word, "desc") == 0)
        return patch::Order::descending;
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid sort order \"%s\"", word),
            errhint("Use ASC or DESC."));
    pg_unreachable();
}

} // namespace

// (target jsonb, array_path text, match_key text, match_value jsonb, updates jsonb)
TVIEWS_FUNCTION(jsonb_array_update_where) {
    return merge_element(PG_GETARG_DATUM(0), match_arguments(fcinfo, 1), "updates",
                         document(PG_GETARG_DATUM(4)));
}

// (target jsonb, source jsonb, array_path text, match_key text, match_value jsonb)
TVIEWS_FUNCTION(jsonb_smart_patch_array) {
    return merge_element(PG_GETARG_DATUM(0), match_arguments(fcinfo, 2), "source",
                         document(PG_GETARG_DATUM(1)));
}

// (target jsonb, array_path text, match_key text, updates_array jsonb)
TVIEWS_FUNCTION(jsonb_array_update_where_batch) {
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    const Jsonb *const list = document(PG_GETARG_DATUM(3));
    patch::Container const updates(list);
    if (!updates.is_array())
        patch::raise_kind("updates_array", patch::value_of(list), "an array",
                          "Pass an array such as [{\"match_value\": 1, \"updates\": {\"key\": \"value\"}}].");
    return result(
        PG_GETARG_DATUM(0), target,
        patch::merge_elements(target, text_key(PG_GETARG_DATUM(1)), text_key(PG_GETARG_DATUM(2)), updates));
}

// (targets jsonb[], array_path text, match_key text, match_value jsonb, updates jsonb): a row for each target, in order.
TVIEWS_FUNCTION(jsonb_array_update_multi_row) {
    struct State {
        patch::Match match;
        const Jsonb *updates;
        Datum *targets;
        bool *nulls;
        int count;
    };
    FuncCallContext *call;
    if (SRF_IS_FIRSTCALL()) {
        call = SRF_FIRSTCALL_INIT();
        MemoryContext const old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
        auto *const state = static_cast<State *>(palloc(sizeof(State)));
        state->match = {text_key(PG_GETARG_DATUM(1)), text_key(PG_GETARG_DATUM(2)),
                        patch::value_of(document(PG_GETARG_DATUM(3)))};
        state->updates = document(PG_GETARG_DATUM(4));
        object("updates", state->updates);
        // Copies: the arguments may be freed between the calls.
        deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(0), JSONBOID, -1, false, TYPALIGN_INT, &state->targets,
                          &state->nulls, &state->count);
        call->user_fctx = state;
        MemoryContextSwitchTo(old);
    }
    call = SRF_PERCALL_SETUP();
    const auto *const state = static_cast<const State *>(call->user_fctx);
    auto const next = static_cast<int>(call->call_cntr);
    if (next >= state->count)
        SRF_RETURN_DONE(call);
    if (state->nulls[next])
        SRF_RETURN_NEXT_NULL(call);
    SRF_RETURN_NEXT(call, merge_element(state->targets[next], state->match, "updates", state->updates));
}

// (target jsonb, array_path text, match_key text, match_value jsonb)
TVIEWS_FUNCTION(jsonb_array_delete_where) {
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    return result(PG_GETARG_DATUM(0), target, patch::remove_element(target, match_arguments(fcinfo, 1)));
}

// (target jsonb, array_path text, new_element jsonb, sort_key text, sort_order text), not STRICT: the last two may be
// NULL, which means to append and ASC; otherwise NULL in, NULL out.
TVIEWS_FUNCTION(jsonb_array_insert_where) {
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
        PG_RETURN_NULL();
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    patch::Order order = order_of(fcinfo, 4);
    patch::Key key = {nullptr, 0};
    if (PG_ARGISNULL(3))
        order = patch::Order::none;
    else
        key = text_key(PG_GETARG_DATUM(3));
    return result(PG_GETARG_DATUM(0), target,
                  patch::insert_element(target, text_key(PG_GETARG_DATUM(1)),
                                        patch::value_of(document(PG_GETARG_DATUM(2))), key, order));
}

// (data jsonb, array_path text, id_key text, id_value jsonb)
TVIEWS_FUNCTION(jsonb_array_contains_id) {
    patch::Match match = match_arguments(fcinfo, 1);
    match.document = "data";
    PG_RETURN_BOOL(patch::contains_element(document(PG_GETARG_DATUM(0)), match));
}

// (data jsonb, key text): the member as text if it is a string or a number, otherwise NULL.
TVIEWS_FUNCTION(jsonb_extract_id) {
    patch::Container const root(document(PG_GETARG_DATUM(0)));
    patch::KeySearch search(root);
    if (!root.is_object() || !search.find(text_key(PG_GETARG_DATUM(1))))
        PG_RETURN_NULL();
    patch::Value const value = root.value(search.index());
    if (value.type == JENTRY_ISSTRING)
        PG_RETURN_TEXT_P(cstring_to_text_with_len(value.bytes, static_cast<int>(value.length)));
    if (value.type == JENTRY_ISNUMERIC)
        PG_RETURN_TEXT_P(
            cstring_to_text(DatumGetCString(DirectFunctionCall1(numeric_out, PointerGetDatum(value.bytes)))));
    PG_RETURN_NULL();
}

// (target jsonb, array_key text, match_key text, match_value jsonb, update_path text, update_value jsonb)
TVIEWS_FUNCTION(jsonb_delta_array_update_where_path) {
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    patch::Key const path = text_key(PG_GETARG_DATUM(4));
    return result(PG_GETARG_DATUM(0), target,
                  patch::set_in_element(target, match_arguments(fcinfo, 1),
                                        patch::parse_path(path.bytes, path.length),
                                        patch::value_of(document(PG_GETARG_DATUM(5)))));
}
