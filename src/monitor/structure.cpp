// monitor/structure.cpp - how TVIEWs hang together, and the types of columns. Reads the catalog cache only.
#include "catalog/catalog.hpp"
#include "pg/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/array.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"
}

namespace tviews::monitor {

namespace {

void put_step(ReturnSetInfo *result, int depth, const char *entity, const char *depends_on,
              const char *type) {
    Datum values[] = {Int32GetDatum(depth), CStringGetTextDatum(entity), CStringGetTextDatum(depends_on),
                      CStringGetTextDatum(type)};
    bool nulls[] = {false, false, false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

// The TVIEWs built on `tview`, depth first. One that is reached on several ways comes once per way.
void put_dependents(ReturnSetInfo *result, const catalog::Tview *tview, int depth) {
    check_stack_depth();
    for (const catalog::Tview *next : pg::each<const catalog::Tview>(catalog::dependents_of(tview->table))) {
        put_step(result, depth, next->entity, tview->entity, "tview");
        put_dependents(result, next, depth + 1);
    }
}

} // namespace

} // namespace tviews::monitor

using namespace tviews;

// Depth 0 is the TVIEW itself with the tables and TVIEWs it reads; depth 1 the TVIEWs that read it, and so on.
TVIEWS_FUNCTION(pg_tviews_show_cascade_path) {
    const catalog::Tview *const tview = catalog::resolve(pg::required_text(fcinfo, 0, "entity"));
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    pg::each_oid(tview->dependencies, [&](Oid relation) {
        const catalog::Tview *const source = catalog::find_by_storage(relation);
        monitor::put_step(result, 0, tview->entity,
                          source != nullptr ? source->entity : pg::qualified_name(relation),
                          source != nullptr ? "tview" : "table");
    });
    monitor::put_dependents(result, tview, 1);
    PG_RETURN_NULL();
}

// {"column": "type", ...} of a table's columns; a column that does not exist is an error.
TVIEWS_FUNCTION(pg_tviews_infer_types) {
    const char *const name = pg::required_text(fcinfo, 0, "table_name");
    Oid const relation = RangeVarGetRelid(makeRangeVarFromNameList(pg::name_parts(name)), NoLock, false);
    pg::require_argument(fcinfo, 1, "columns");
    Datum *items;
    bool *nulls;
    int count;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &count);
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '{');
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            continue;
        const char *const column = TextDatumGetCString(items[i]);
        AttrNumber const number = get_attnum(relation, column);
        if (number == InvalidAttrNumber)
            ereport(
                ERROR, errcode(ERRCODE_UNDEFINED_COLUMN),
                errmsg("column \"%s\" of relation \"%s\" does not exist", column, get_rel_name(relation)));
        Oid type;
        Oid collation;
        int32 typmod;
        get_atttypetypmodcoll(relation, number, &type, &typmod, &collation);
        if (json.len > 1)
            appendStringInfoChar(&json, ',');
        escape_json(&json, column);
        appendStringInfoChar(&json, ':');
        escape_json(&json, format_type_with_typemod(type, typmod));
    }
    appendStringInfoChar(&json, '}');
    PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}
