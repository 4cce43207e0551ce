// ddl/functions.cpp - the SQL functions that create, drop and refresh TVIEWs. Arguments only; the work is elsewhere.
#include "catalog/audit.hpp"
#include "catalog/catalog.hpp"
#include "ddl/convert.hpp"
#include "ddl/create.hpp"
#include "ddl/drop.hpp"
#include "ddl/refresh.hpp"
#include "ddl/reinstall.hpp"
#include "ddl/replace.hpp"
#include "ddl/replica.hpp"
#include "ddl/script.hpp"
#include "ddl/statement_triggers.hpp"
#include "pg/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "funcapi.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/jsonb.h"
}

namespace tviews::ddl {

namespace {

bool optional_bool(FunctionCallInfo fcinfo, int argument) {
    return PG_NARGS() > argument && !PG_ARGISNULL(argument) && PG_GETARG_BOOL(argument);
}

const char *optional_json(FunctionCallInfo fcinfo, int argument) {
    if (PG_NARGS() <= argument || PG_ARGISNULL(argument))
        return nullptr;
    return DatumGetCString(DirectFunctionCall1(jsonb_out, PG_GETARG_DATUM(argument)));
}

// text[] to a list of char *; NIL for NULL.
List *optional_names(FunctionCallInfo fcinfo, int argument) {
    List *names = NIL;
    if (PG_NARGS() <= argument || PG_ARGISNULL(argument))
        return names;
    Datum *items;
    bool *nulls;
    int count;
    deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls,
                      &count);
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("key_columns must not contain null"),
                    errhint("Name columns of the SELECT, for example key_columns => '{fk_a,fk_b}'."));
        names = lappend(names, TextDatumGetCString(items[i]));
    }
    return names;
}

Datum create_from(FunctionCallInfo fcinfo, bool if_not_exists, List *key_columns, const char *options) {
    PreventCommandDuringRecovery("pg_tviews_create()");
    const char *const name = pg::required_text(fcinfo, 0, "tview_name");
    const char *const select = pg::required_text(fcinfo, 1, "select_sql");
    const char *const table =
        create(name, select, if_not_exists, key_columns, options != nullptr ? options : "{}");
    return CStringGetTextDatum(table);
}

// The TVIEW that an optional argument names; InvalidOid for NULL.
Oid optional_tview(FunctionCallInfo fcinfo, int argument) {
    return PG_ARGISNULL(argument) ? InvalidOid
                                  : catalog::resolve(text_to_cstring(PG_GETARG_TEXT_PP(argument)))->table;
}

// Runs one statement of a script; returns the line that reports it.
const char *run_statement(const ScriptStatement &statement) {
    switch (statement.kind) {
    case ScriptStatement::Kind::create:
        if (statement.or_replace && catalog::try_resolve(statement.name) != nullptr)
            return psprintf("CREATE TVIEW %s: %s", statement.name,
                            replace(statement.name, statement.select, nullptr));
        return psprintf("CREATE TVIEW %s",
                        create(statement.name, statement.select, statement.if_exists, NIL, "{}"));
    case ScriptStatement::Kind::drop: {
        const char *const table = drop(statement.name, statement.if_exists, statement.cascade);
        return psprintf("DROP TVIEW %s", table != nullptr ? table : statement.name);
    }
    case ScriptStatement::Kind::refresh:
        return psprintf("REFRESH TVIEW %s: " UINT64_FORMAT " rows changed", statement.name,
                        refresh(statement.name));
    }
    pg_unreachable();
}

} // namespace

} // namespace tviews::ddl

using namespace tviews;

// pg_tviews_create(text, text) and pg_tviews_create(text, text, boolean, text[], jsonb)
TVIEWS_FUNCTION(pg_tviews_create) {
    return ddl::create_from(fcinfo, ddl::optional_bool(fcinfo, 2), ddl::optional_names(fcinfo, 3),
                            ddl::optional_json(fcinfo, 4));
}

// pg_tviews_create(text, text, key_columns text[], options jsonb)
TVIEWS_FUNCTION(pg_tviews_create_with_key) {
    return ddl::create_from(fcinfo, false, ddl::optional_names(fcinfo, 2), ddl::optional_json(fcinfo, 3));
}

// pg_tviews_create(text, text, options jsonb)
TVIEWS_FUNCTION(pg_tviews_create_with_options) {
    return ddl::create_from(fcinfo, false, NIL, ddl::optional_json(fcinfo, 2));
}

TVIEWS_FUNCTION(pg_tviews_replace) {
    PreventCommandDuringRecovery("pg_tviews_replace()");
    const char *const name = pg::required_text(fcinfo, 0, "tview_name");
    const char *const select = pg::required_text(fcinfo, 1, "select_sql");
    PG_RETURN_DATUM(CStringGetTextDatum(ddl::replace(name, select, ddl::optional_json(fcinfo, 2))));
}

TVIEWS_FUNCTION(pg_tviews_convert_table) {
    PreventCommandDuringRecovery("pg_tviews_convert_table()");
    const char *const name = pg::required_text(fcinfo, 0, "table_name");
    const char *const select = PG_ARGISNULL(1) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(1));
    PG_RETURN_DATUM(CStringGetTextDatum(ddl::convert(name, select)));
}

TVIEWS_FUNCTION(pg_tviews_drop) {
    const char *const table = ddl::drop(pg::required_text(fcinfo, 0, "tview_name"),
                                        ddl::optional_bool(fcinfo, 1), ddl::optional_bool(fcinfo, 2));
    if (table == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_DATUM(CStringGetTextDatum(table));
}

TVIEWS_FUNCTION(pg_tviews_ddl) {
    List *const statements = ddl::parse_script(pg::required_text(fcinfo, 0, "script"));
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const ddl::ScriptStatement *statement : pg::each<const ddl::ScriptStatement>(statements)) {
        Datum values[] = {CStringGetTextDatum(ddl::run_statement(*statement))};
        bool nulls[] = {false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
        CommandCounterIncrement();
    }
    PG_RETURN_NULL();
}

TVIEWS_FUNCTION(pg_tviews_refresh) {
    PG_RETURN_INT64(static_cast<int64>(ddl::refresh(pg::required_text(fcinfo, 0, "tview"))));
}

TVIEWS_FUNCTION(pg_tviews_refresh_all) {
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    ddl::refresh_all(result->setResult, result->setDesc);
    PG_RETURN_NULL();
}

TVIEWS_FUNCTION(pg_tviews_flush) { PG_RETURN_INT64(static_cast<int64>(queue::flush_all())); }

TVIEWS_FUNCTION(pg_tviews_suspend) {
    Oid const table = ddl::optional_tview(fcinfo, 0);
    List *tables = NIL;
    if (OidIsValid(table))
        tables = list_make1_oid(table);
    else
        for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all()))
            tables = lappend_oid(tables, tview->table);
    queue::suspend(tables);
    PG_RETURN_VOID();
}

TVIEWS_FUNCTION(pg_tviews_resume) {
    queue::resume(ddl::optional_tview(fcinfo, 0));
    PG_RETURN_VOID();
}

TVIEWS_FUNCTION(pg_tviews_reinstall_triggers) {
    PreventCommandDuringRecovery("pg_tviews_reinstall_triggers()");
    PG_RETURN_INT32(
        ddl::reinstall_triggers(PG_ARGISNULL(0) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(0))));
}

TVIEWS_FUNCTION(pg_tviews_set_replica_maintenance) {
    PreventCommandDuringRecovery("pg_tviews_set_replica_maintenance()");
    const char *const name = pg::required_text(fcinfo, 0, "tview");
    pg::require_argument(fcinfo, 1, "enabled");
    ddl::set_replica_maintenance(name, PG_GETARG_BOOL(1));
    PG_RETURN_VOID();
}

TVIEWS_FUNCTION(pg_tviews_install_stmt_triggers) {
    PreventCommandDuringRecovery("pg_tviews_install_stmt_triggers()");
    PreventCommandIfReadOnly("pg_tviews_install_stmt_triggers()");
    PG_RETURN_INT32(ddl::install_statement_triggers());
}

TVIEWS_FUNCTION(pg_tviews_uninstall_stmt_triggers) {
    PreventCommandDuringRecovery("pg_tviews_uninstall_stmt_triggers()");
    PreventCommandIfReadOnly("pg_tviews_uninstall_stmt_triggers()");
    PG_RETURN_INT32(ddl::uninstall_statement_triggers());
}
