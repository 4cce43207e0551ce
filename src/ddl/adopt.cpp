// ddl/adopt.cpp - turns the empty table that CREATE TABLE AS has just made into a TVIEW.
//
// Order: the sources are locked against writers first, by OID, so that the rows read afterwards and the triggers put on
// afterwards meet without a gap; the locks last to the end of the transaction. View, indexes and table settings are
// made as the user, whose objects they are; only the triggers on other people's tables need more (see capture/).
#include "capture/capture.hpp"
#include "catalog/audit.hpp"
#include "catalog/meta.hpp"
#include "ddl/create.hpp"
#include "ddl/sources.hpp"
#include "ddl/state.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"
#include "queue/queue.hpp"
#include "refresh/refresh.hpp"

extern "C" {
#include "utils/json.h"
#include "utils/ruleutils.h"
}

namespace tviews::ddl {

namespace {

void run(const char *sql) {
    pg::SpiSession const spi;
    (void) pg::spi_execute(sql);
}

// Makes v_<entity> and returns its OID.
Oid create_view(const Creation &creation, const char *definition) {
    const char *const view = psprintf("v_%s", creation.entity);
    run(psprintf("CREATE VIEW %s AS %s", pg::qualified_name(get_namespace_name(creation.schema), view), definition));
    return get_relname_relid(view, creation.schema);
}

const char *key_list(const Creation &creation) {
    StringInfoData names;
    initStringInfo(&names);
    for (int column : creation.shape->key)
        appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
                         pg::quoted(creation.shape->columns[column].name));
    return names.data;
}

void add_primary_key(const char *table, const Creation &creation) {
    const char *const sql = psprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", table, key_list(creation));
    pg::with_edited_error([&] { run(sql); },
                          [&](ErrorData *error) {
                              if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
                                  return;
                              error->sqlerrcode = errors::duplicate_key;
                              error->message = psprintf("the definition of TVIEW \"%s\" returns a key more than once",
                                                        creation.table_name);
                              error->hint = pstrdup("Make the SELECT return one row per key, for example by a join on a "
                                                    "unique column, or by aggregating what is to be an array.");
                          });
}

void add_indexes(const char *table, const Creation &creation) {
    const definition::Shape &shape = *creation.shape;
    const char *const first_key = shape.columns[shape.key[0]].name;
    for (const definition::OutputColumn &column : shape.columns) {
        bool const wanted = (strcmp(column.name, "id") == 0 || strncmp(column.name, "fk_", 3) == 0) &&
                            strcmp(column.name, first_key) != 0;
        if (creation.options.indexes && wanted)
            run(psprintf("CREATE INDEX ON %s (%s)", table, pg::quoted(column.name)));
        if (creation.options.data_gin_index && strcmp(column.name, "data") == 0)
            run(psprintf("CREATE INDEX ON %s USING gin (%s jsonb_path_ops)", table, pg::quoted(column.name)));
    }
}

void announce(const Creation &creation) {
    const definition::Shape &shape = *creation.shape;
    List *announced = NIL;
    for (const definition::Source *source : shape.sources) {
        if (source->route != definition::Route::all_keys || list_member_oid(announced, source->relation))
            continue;
        announced = lappend_oid(announced, source->relation);
        ereport(NOTICE,
                errmsg("changes to \"%s\" refresh the whole of TVIEW \"%s\"", get_rel_name(source->relation),
                       creation.table_name),
                errdetail("Its rows cannot be traced to the key: %s.",
                          source->reason != nullptr ? source->reason : "no key path"));
    }
    if (shape.key_nullable)
        ereport(NOTICE, errmsg("rows of view \"v_%s\" with a null key are left out of TVIEW \"%s\"", creation.entity,
                               creation.table_name));
}

void record(const Creation &creation, Oid table, const char *definition) {
    StringInfoData details;
    initStringInfo(&details);
    appendStringInfoString(&details, "{\"table\":");
    escape_json(&details, pg::qualified_name(table));
    appendStringInfoString(&details, ",\"definition\":");
    escape_json(&details, definition);
    appendStringInfoString(&details, ",\"key\":");
    escape_json(&details, key_list(creation));
    appendStringInfoChar(&details, '}');
    catalog::audit("CREATE", creation.entity, details.data);
}

} // namespace

void adopt(Oid table, Creation *creation) {
    OwnStatements const own;
    pg::GucScope const guc;
    // Names in the definition are qualified by deparsing and read back under the same path.
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");

    lock_sources(creation->shape->relations);
    List *sources = NIL;
    for (Oid relation : creation->shape->relations)
        sources = lappend_oid(sources, relation);
    queue::flush_before_read(sources);

    const char *const definition = pg_get_querydef(static_cast<Query *>(copyObjectImpl(creation->query)), false);
    const char *const table_name = pg::qualified_name(table);
    Oid const view = create_view(*creation, definition);
    catalog::MetaRow row = describe(*creation->shape, creation->request, creation->options);
    row.table = table;
    row.view = view;
    row.definition = definition;
    catalog::insert_meta_row(row);

    (void) refresh::populate(table);
    CommandCounterIncrement();
    add_primary_key(table_name, *creation);
    add_indexes(table_name, *creation);
    for (Oid relation : creation->shape->relations)
        capture::install_triggers(relation);
    capture::install_guard(table);
    announce(*creation);
    record(*creation, table, definition);
    CommandCounterIncrement();
    MemoryContextDelete(creation->context);
}

} // namespace tviews::ddl
