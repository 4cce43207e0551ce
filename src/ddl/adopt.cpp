// ddl/adopt.cpp - turns the empty table that CREATE TABLE AS has just made into a TVIEW.
//
// Order: the sources are locked against writers first, by OID, so that the rows read afterwards and the triggers put on
// afterwards meet without a gap; the locks last to the end of the transaction. View, indexes and table settings are
// made as the user, whose objects they are; only the triggers on other people's tables need more (see capture/).
#include "capture/capture.hpp"
#include "catalog/audit.hpp"
#include "catalog/meta.hpp"
#include "ddl/create.hpp"
#include "ddl/drop.hpp"
#include "ddl/indexes.hpp"
#include "ddl/rights.hpp"
#include "ddl/sources.hpp"
#include "ddl/state.hpp"
#include "ddl/statement.hpp"
#include "definition/text.hpp"
#include "monitor/count.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/handles.hpp"
#include "queue/queue.hpp"
#include "refresh/refresh.hpp"

extern "C" {
#include "utils/json.h"
}

namespace tviews::ddl {

namespace {

// Makes v_<entity> and returns its OID.
Oid create_view(const Creation &creation, const char *definition) {
    const char *const view = psprintf("v_%s", creation.entity);
    run(psprintf("CREATE VIEW %s AS %s", pg::qualified_name(get_namespace_name(creation.schema), view),
                 definition));
    return get_relname_relid(view, creation.schema);
}

void record(const Creation &creation, Oid table, const char *definition) {
    StringInfoData details;
    initStringInfo(&details);
    appendStringInfoString(&details, "{\"table\":");
    escape_json(&details, pg::qualified_name(table));
    appendStringInfoString(&details, ",\"definition\":");
    escape_json(&details, definition);
    appendStringInfoString(&details, ",\"key\":");
    escape_json(&details, key_list(*creation.shape));
    appendStringInfoChar(&details, '}');
    catalog::audit("CREATE", creation.entity, details.data);
}

} // namespace

void adopt(Oid table, Creation *creation) {
    require_select(*creation->shape, GetUserId());
    lock_sources(creation->shape->relations);
    List *sources = NIL;
    for (Oid relation : creation->shape->relations)
        sources = lappend_oid(sources, relation);
    queue::flush_before_read(sources);

    OwnStatements const own;
    pg::GucScope const guc;
    // Names in the definition are qualified by deparsing and read back under the same path.
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    pg::GucScope::set_local("standard_conforming_strings", "on");
    const char *const definition = definition::text_of(creation->query);
    Oid const view = create_view(*creation, definition);
    (void) drop_view_with_table(view, table);
    catalog::MetaRow row = describe(*creation->shape, creation->request, creation->options);
    row.table = table;
    row.view = view;
    row.definition = definition;
    catalog::insert_meta_row(row);
    monitor::forget_counters(table);

    refresh::Progress progress(table, creation->entity, refresh::Phase::populating);
    uint64 const rows = refresh::populate(table, progress);
    CommandCounterIncrement();
    progress.phase(refresh::Phase::indexing);
    progress.total(static_cast<double>(rows));
    add_primary_key(table, *creation->shape);
    add_indexes(table, *creation->shape, creation->options, creation->options.indexed);
    record(*creation, table, definition);
    for (Oid relation : creation->shape->relations)
        capture::install_triggers(relation);
    capture::install_guard(table);
    announce(*creation->shape, table);
    CommandCounterIncrement();
    MemoryContextDelete(creation->context);
}

} // namespace tviews::ddl
