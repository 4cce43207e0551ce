// monitor/explain.cpp - the maintenance program of a TVIEW as text, and the indexes it misses.
#include "definition/advice.hpp"
#include "definition/describe.hpp"
#include "dependency/dependency.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/tuplestore.h"
}

namespace tviews::monitor {

namespace {

dependency::Compiled *compiled_by_name(FunctionCallInfo fcinfo) {
    const catalog::Tview *const tview = catalog::resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    return dependency::compiled(tview->table);
}

void put_line(ReturnSetInfo *result, const char *line) {
    Datum const value = CStringGetTextDatum(line);
    bool const is_null = false;
    tuplestore_putvalues(result->setResult, result->setDesc, const_cast<Datum *>(&value),
                         const_cast<bool *>(&is_null));
}

} // namespace

} // namespace tviews::monitor

using namespace tviews;

// One line of text a row: the key, then per source its strategy, the walk queries and what they lock.
TVIEWS_FUNCTION(pg_tviews_explain) {
    dependency::Pin const tview(monitor::compiled_by_name(fcinfo));
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    monitor::put_line(result, psprintf("TVIEW %s, depth %d", tview->qualified, tview->depth));
    for (const char *lines : definition::describe_text(*tview->shape)) {
        // A walk query has several lines.
        const char *line = lines;
        while (const char *const end = strchr(line, '\n')) {
            monitor::put_line(result, pnstrdup(line, static_cast<Size>(end - line)));
            line = end + 1;
        }
        monitor::put_line(result, line);
    }
    for (const definition::IndexAdvice &advice : definition::missing_indexes(*tview->shape))
        monitor::put_line(result, psprintf("missing index: %s (%s)", advice.statement, advice.reason));
    PG_RETURN_NULL();
}

TVIEWS_FUNCTION(pg_tviews_suggest_indexes) {
    dependency::Pin const tview(monitor::compiled_by_name(fcinfo));
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const definition::IndexAdvice &advice : definition::missing_indexes(*tview->shape)) {
        Datum values[] = {CStringGetTextDatum(advice.statement), CStringGetTextDatum(advice.reason)};
        bool nulls[] = {false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    PG_RETURN_NULL();
}
