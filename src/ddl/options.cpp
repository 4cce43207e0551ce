// ddl/options.cpp - see options.hpp. Strict: an option that is misspelt must not be silently without effect.
#include "ddl/options.hpp"

#include "catalog/catalog.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"
#include "pg/names.hpp"

#include <cmath>

extern "C" {
#include "utils/json.h"
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

int as_number(const char *name, const JsonbValue &value, int least, int most) {
    double const number = value.type != jbvNumeric
                              ? least - 1.0
                              : DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
                                                                   NumericGetDatum(value.val.numeric)));
    if (!(number >= least && number <= most) || number != std::floor(number))
        wrong_type(name, psprintf("a whole number from %d to %d", least, most));
    return static_cast<int>(number);
}

char as_strategy(const char *name, const JsonbValue &value) {
    if (value.type == jbvString && value.val.string.len == 4 && memcmp(value.val.string.val, "hash", 4) == 0)
        return PARTITION_STRATEGY_HASH;
    if (value.type == jbvString && value.val.string.len == 5 && memcmp(value.val.string.val, "range", 5) == 0)
        return PARTITION_STRATEGY_RANGE;
    wrong_type(name, "\"hash\" or \"range\"");
}

// Numbers and strings, as text.
List *as_bounds(const char *name, const JsonbValue &value) {
    constexpr const char *expected = "an array of numbers or strings, not empty";
    if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
        wrong_type(name, expected);
    List *result = NIL;
    JsonbIterator *iterator = JsonbIteratorInit(value.val.binary.data);
    JsonbValue element;
    for (JsonbIteratorToken token; (token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE;) {
        if (token != WJB_ELEM)
            continue;
        if (element.type == jbvString)
            result = lappend(result, pnstrdup(element.val.string.val, element.val.string.len));
        else if (element.type == jbvNumeric)
            result = lappend(result, DatumGetCString(DirectFunctionCall1(
                                         numeric_out, NumericGetDatum(element.val.numeric))));
        else
            wrong_type(name, expected);
    }
    if (result == NIL)
        wrong_type(name, expected);
    return result;
}

[[noreturn]] void refuse_partitioning(const char *message, const char *hint) {
    ereport(ERROR, errcode(errors::invalid_configuration), errmsg_internal("%s", message),
            errhint("%s", hint));
    pg_unreachable();
}

void check_partitioning(const Options &options) {
    constexpr const char *by_hash = "For example: '{\"partition_by\": \"hash\", \"partitions\": 8}'.";
    constexpr const char *by_range =
        "For example: '{\"partition_by\": \"range\", \"bounds\": [1000000, 2000000]}'.";
    bool const hash = options.partition_by == PARTITION_STRATEGY_HASH;
    bool const range = options.partition_by == PARTITION_STRATEGY_RANGE;
    if (hash && options.partitions == 0)
        refuse_partitioning("partition_by \"hash\" needs the option \"partitions\", their number", by_hash);
    if (range && options.bounds == NIL)
        refuse_partitioning("partition_by \"range\" needs the option \"bounds\", the keys between partitions",
                            by_range);
    if (!hash && options.partitions != 0)
        refuse_partitioning("option \"partitions\" is for partition_by \"hash\" only", by_hash);
    if (!range && options.bounds != NIL)
        refuse_partitioning("option \"bounds\" is for partition_by \"range\" only", by_range);
}

bool same_bounds(const List *left, const List *right) {
    bool same = list_length(left) == list_length(right);
    for (int i = 0; same && i < list_length(left); i++)
        same = strcmp(static_cast<const char *>(list_nth(left, i)),
                      static_cast<const char *>(list_nth(right, i))) == 0;
    return same;
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
            options.fillfactor = as_number(name, value, 10, 100);
        else if (strcmp(name, "unlogged") == 0)
            options.unlogged = as_boolean(name, value);
        else if (strcmp(name, "data_gin_index") == 0)
            options.data_gin_index = as_boolean(name, value);
        else if (strcmp(name, "indexes") == 0)
            options.indexes = as_boolean(name, value);
        else if (strcmp(name, "allow_stale_sources") == 0)
            options.stale_sources = as_boolean(name, value);
        else if (strcmp(name, "partition_by") == 0)
            options.partition_by = as_strategy(name, value);
        else if (strcmp(name, "partitions") == 0)
            options.partitions = as_number(name, value, 1, 4096);
        else if (strcmp(name, "bounds") == 0)
            options.bounds = as_bounds(name, value);
        else if (strcmp(name, "function_reads") == 0)
            options.function_reads = look_up_tables ? as_tables(name, value) : NIL;
        else
            ereport(ERROR, errcode(errors::invalid_configuration),
                    errmsg("option \"%s\" does not exist", name),
                    errhint("The options are allow_stale_sources, bounds, data_gin_index, fillfactor, "
                            "function_reads, indexes, partition_by, partitions and unlogged."));
    }
    check_partitioning(options);
    return options;
}

} // namespace

Options read_options(const char *json) { return read(json, true); }

Options read_stored_options(const char *json) { return read(json, false); }

const char *with_stored_partitioning(const char *json, const char *stored, const char *tview) {
    Options const wanted = read(json, false);
    Options const known = read(stored, false);
    if (wanted.partition_by != '\0' &&
        (wanted.partition_by != known.partition_by || wanted.partitions != known.partitions ||
         !same_bounds(wanted.bounds, known.bounds)))
        ereport(ERROR, errcode(errors::invalid_configuration),
                errmsg("cannot change how TVIEW %s is partitioned", tview),
                errhint("Drop the TVIEW and create it again with these options."));
    if (known.partition_by == '\0')
        return json;
    StringInfoData kept;
    initStringInfo(&kept);
    if (known.partition_by == PARTITION_STRATEGY_HASH) {
        appendStringInfo(&kept, "{\"partition_by\":\"hash\",\"partitions\":%d}", known.partitions);
    } else {
        appendStringInfoString(&kept, "{\"partition_by\":\"range\",\"bounds\":");
        for (int i = 0; i < list_length(known.bounds); i++) {
            appendStringInfoChar(&kept, i == 0 ? '[' : ',');
            escape_json(&kept, static_cast<const char *>(list_nth(known.bounds, i)));
        }
        appendStringInfoString(&kept, "]}");
    }
    Datum const result =
        DirectFunctionCall2(jsonb_concat, DirectFunctionCall1(jsonb_in, CStringGetDatum(json)),
                            DirectFunctionCall1(jsonb_in, CStringGetDatum(kept.data)));
    return DatumGetCString(DirectFunctionCall1(jsonb_out, result));
}

} // namespace tviews::ddl
