// catalog/replay.cpp - see replay.hpp. Also the trigger that lets rows of a dump into tables that are not empty.
//
// CREATE EXTENSION and the triggers of the TVIEWs may have written the rows already when a dump's come. A TVIEW that is
// known keeps its row; the audit log gets the dump's rows under numbers of its own.
#include "catalog/replay.hpp"

#include "catalog/installed.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
}

namespace tviews::catalog {

namespace {

constexpr int portable_arguments = 4;

Node *as_argument(const char *text) { return reinterpret_cast<Node *>(makeString(pstrdup(text))); }

const char *array_text(List *texts) {
    auto *items = static_cast<Datum *>(palloc(sizeof(Datum) * (list_length(texts) + 1)));
    int count = 0;
    for (const char *text : pg::each<const char>(texts))
        items[count++] = CStringGetTextDatum(text);
    ArrayType *const array = construct_array(items, count, TEXTOID, -1, false, TYPALIGN_INT);
    return OidOutputFunctionCall(F_ARRAY_OUT, PointerGetDatum(array));
}

List *array_elements(char *literal) {
    Datum const array = OidInputFunctionCall(F_ARRAY_IN, literal, TEXTOID, -1);
    Datum *items;
    bool *nulls;
    int count;
    deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &count);
    List *result = NIL;
    for (int i = 0; i < count; i++)
        if (!nulls[i])
            result = lappend(result, TextDatumGetCString(items[i]));
    return result;
}

// The log's next number.
int64 next_log_id(Relation log) {
    Oid const sequence = get_relname_relid("pg_tview_audit_log_log_id_seq", RelationGetNamespace(log));
    return OidIsValid(sequence) ? nextval_internal(sequence, false) : 0;
}

HeapTuple renumbered(Relation log, HeapTuple row) {
    int column = 1;
    Datum value = Int64GetDatum(next_log_id(log));
    bool is_null = false;
    return heap_modify_tuple_by_cols(row, RelationGetDescr(log), 1, &column, &value, &is_null);
}

bool known(Relation meta, HeapTuple row) {
    bool is_null;
    Datum const table =
        heap_getattr(row, get_attnum(RelationGetRelid(meta), "table_oid"), RelationGetDescr(meta), &is_null);
    return !is_null && meta_row(DatumGetObjectId(table)) != nullptr;
}

} // namespace

bool replaying_dump() {
    return !check_function_bodies && namespace_search_path != nullptr && namespace_search_path[0] == '\0';
}

List *portable(const MetaRow &row) {
    List *reads = NIL;
    pg::each_oid(row.function_reads,
                 [&](Oid oid) { reads = lappend(reads, const_cast<char *>(pg::qualified_name(oid))); });
    return list_make4(as_argument(row.settings), as_argument(row.options),
                      as_argument(array_text(row.explicit_key ? row.key_columns : NIL)),
                      as_argument(array_text(reads)));
}

bool read_portable(int count, char **arguments, MetaRow &row) {
    if (count != portable_arguments)
        return false;
    row.settings = pstrdup(arguments[0]);
    row.options = pstrdup(arguments[1]);
    row.key_columns = array_elements(arguments[2]);
    row.explicit_key = row.key_columns != NIL;
    for (const char *name : pg::each<const char>(array_elements(arguments[3])))
        row.function_reads =
            lappend_oid(row.function_reads,
                        RangeVarGetRelid(makeRangeVarFromNameList(pg::name_parts(name)), NoLock, false));
    return true;
}

} // namespace tviews::catalog

// BEFORE INSERT, per row, on pg_tview_meta and pg_tview_audit_log.
TVIEWS_FUNCTION(pg_tviews_internal_replayed_row) {
    if (!CALLED_AS_TRIGGER(fcinfo))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function can only be called as a trigger"));
    auto const *data = reinterpret_cast<TriggerData *>(fcinfo->context);
    HeapTuple row = data->tg_trigtuple;
    if (tviews::catalog::replaying_dump()) {
        if (RelationGetRelid(data->tg_relation) != tviews::catalog::meta_table())
            row = tviews::catalog::renumbered(data->tg_relation, row);
        else if (tviews::catalog::known(data->tg_relation, row))
            row = nullptr;
    }
    PG_RETURN_POINTER(row);
}
