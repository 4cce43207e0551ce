// ddl/analyze_select.cpp - what a SELECT would be as a TVIEW, without creating anything.
#include "ddl/parse.hpp"
#include "definition/advice.hpp"
#include "definition/describe.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"

extern "C" {
#include "utils/elog.h"
#include "utils/json.h"
#include "utils/jsonb.h"
}

namespace tviews::ddl {

namespace {

void put_string(StringInfo out, const char *name, const char *value) {
    escape_json(out, name);
    appendStringInfoString(out, ": ");
    if (value == nullptr)
        appendStringInfoString(out, "null");
    else
        escape_json(out, value);
}

// The entity is unknown here; a single pk_<entity> column names it.
const char *entity_from(const Query *query) {
    for (auto *tle : pg::each<TargetEntry>(query->targetList))
        if (!tle->resjunk && tle->resname != nullptr && strncmp(tle->resname, "pk_", 3) == 0)
            return tle->resname + 3;
    return "entity";
}

} // namespace

// {supported: true, shape..., advice: [...]} or {supported: false, refusal: {sqlstate, message, detail, hint}}.
// Syntax errors and unknown tables are raised as they are.
static const char *analyze_select(const char *select) {
    RawStmt *const raw = parse_select(select);
    Query *const query = analyze_statement(raw, select);
    StringInfoData out;
    initStringInfo(&out);
    const char *shape_json = nullptr;
    definition::Shape *shape = nullptr;
    auto const refused = pg::try_subtransaction([&] {
        definition::Request const request{entity_from(query)};
        shape = definition::analyze(definition::canonical(query), request);
        shape_json = definition::describe_json(*shape);
    });
    if (refused) {
        appendStringInfoString(&out, "{\"supported\": false, \"refusal\": {");
        put_string(&out, "sqlstate", unpack_sql_state(refused->data->sqlerrcode));
        appendStringInfoString(&out, ", ");
        put_string(&out, "message", refused->data->message);
        appendStringInfoString(&out, ", ");
        put_string(&out, "detail", refused->data->detail);
        appendStringInfoString(&out, ", ");
        put_string(&out, "hint", refused->data->hint);
        appendStringInfoString(&out, "}}");
        return out.data;
    }
    appendStringInfo(&out, "{\"supported\": true, %s", shape_json + 1);
    out.data[--out.len] = '\0'; // the closing brace
    appendStringInfoString(&out, ", \"advice\": [");
    bool first = true;
    for (const definition::IndexAdvice &advice : definition::missing_indexes(*shape)) {
        appendStringInfoString(&out, first ? "{" : ", {");
        first = false;
        put_string(&out, "statement", advice.statement);
        appendStringInfoString(&out, ", ");
        put_string(&out, "reason", advice.reason);
        appendStringInfoString(&out, "}");
    }
    appendStringInfoString(&out, "]}");
    return out.data;
}

} // namespace tviews::ddl

using namespace tviews;

TVIEWS_FUNCTION(pg_tviews_analyze_select) {
    const char *const json = ddl::analyze_select(text_to_cstring(PG_GETARG_TEXT_PP(0)));
    PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(const_cast<char *>(json))));
}
