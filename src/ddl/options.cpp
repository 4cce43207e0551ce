// ddl/options.cpp - see options.hpp. Strict: an option that is misspelt must not be silently without effect.
#include "ddl/options.hpp"

#include "catalog/catalog.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"
#include "pg/names.hpp"

#include <cmath>

extern "C" {
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace tviews::ddl {

namespace {

[[noreturn]] void wrong_type(const char *name, const char *expected) {
    ereport(ERROR, errcode(errors::invalid_configuration), errmsg("option \"%s\" must be %s", name, expected),
            errhint("Options are written as JSON, for example '{\"fillfactor\": 70, \"unlogged\": true}'."));
    pg_unreachable();
}

bool as_boolean(const char *name, const JsonbValue &value) {
    if (value.type != jbvBool)
        wrong_type(name, "true or false");
    return value.val.boolean;
}

int as_fillfactor(const char *name, const JsonbValue &value) {
    double const number = value.type != jbvNumeric
                              ? 0
                              : DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
                                                                   NumericGetDatum(value.val.numeric)));
    if (!(number >= 10 && number <= 100) || number != std::floor(number))
        wrong_type(name, "a whole number from 10 to 100");
    return static_cast<int>(number);
}

Oid as_table(const char *name, const JsonbValue &value) {
    if (value.type != jbvString)
        wrong_type(name, "an array of table names");
    const char *const table = pnstrdup(value.val.string.val, value.val.string.len);
    return pg::with_edited_error(
        [&] { return RangeVarGetRelid(makeRangeVarFromNameList(pg::name_parts(table)), NoLock, false); },
        [&](ErrorData *error) {
            if (error->hint == nullptr)
                error->hint =
                    psprintf("Option \"%s\" names tables, for example [\"tb_rate\", \"app.tb_tax\"].", name);
        });
}

List *as_tables(const char *name, const JsonbValue &value) {
    List *result = NIL;
    if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
        return list_make1_oid(as_table(name, value));
    JsonbIterator *iterator = JsonbIteratorInit(value.val.binary.data);
    JsonbValue element;
    for (JsonbIteratorToken token; (token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE;)
        if (token == WJB_ELEM)
            result = list_append_unique_oid(result, as_table(name, element));
    return result;
}

Options read(const char *json, bool look_up_tables) {
    Options options;
    options.json = json;
    Jsonb *const object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
    if (!JB_ROOT_IS_OBJECT(object))
        ereport(ERROR, errcode(errors::invalid_configuration), errmsg("options must be a JSON object"),
                errhint("For example: '{\"fillfactor\": 70}'."));
    JsonbIterator *iterator = JsonbIteratorInit(&object->root);
    const char *name = nullptr;
    JsonbValue value;
    for (JsonbIteratorToken token; (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;) {
        if (token == WJB_KEY)
            name = pnstrdup(value.val.string.val, value.val.string.len);
        if (token != WJB_VALUE || name == nullptr)
            continue;
        if (strcmp(name, "fillfactor") == 0)
            options.fillfactor = as_fillfactor(name, value);
        else if (strcmp(name, "unlogged") == 0)
            options.unlogged = as_boolean(name, value);
        else if (strcmp(name, "data_gin_index") == 0)
            options.data_gin_index = as_boolean(name, value);
        else if (strcmp(name, "indexes") == 0)
            options.indexes = as_boolean(name, value);
        else if (strcmp(name, "allow_stale_sources") == 0)
            options.stale_sources = as_boolean(name, value);
        else if (strcmp(name, "function_reads") == 0)
            options.function_reads = look_up_tables ? as_tables(name, value) : NIL;
        else
            ereport(ERROR, errcode(errors::invalid_configuration),
                    errmsg("option \"%s\" does not exist", name),
                    errhint("The options are allow_stale_sources, data_gin_index, fillfactor, "
                            "function_reads, indexes and "
                            "unlogged."));
    }
    return options;
}

} // namespace

Options read_options(const char *json) { return read(json, true); }

Options read_stored_options(const char *json) { return read(json, false); }

} // namespace tviews::ddl
