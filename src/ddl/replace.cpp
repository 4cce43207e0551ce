// ddl/replace.cpp - pg_tviews_replace(): changes the definition of a TVIEW and keeps the table.
//
// The columns of tv_x are brought in line with ALTER TABLE, the view is exchanged, and a full refresh by diff writes
// what differs, so readers and TVIEWs built on this one see an ordinary change. The key must stay: it is the identity
// that everything else refers to. Runs as the user, who must own the TVIEW.
#include "ddl/replace.hpp"

#include "capture/capture.hpp"
#include "catalog/audit.hpp"
#include "ddl/attachments.hpp"
#include "ddl/cascade.hpp"
#include "ddl/columns.hpp"
#include "ddl/drop.hpp"
#include "ddl/indexes.hpp"
#include "ddl/parse.hpp"
#include "ddl/rights.hpp"
#include "ddl/sources.hpp"
#include "ddl/state.hpp"
#include "ddl/statement.hpp"
#include "definition/text.hpp"
#include "errors/errors.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "queue/queue.hpp"
#include "refresh/refresh.hpp"

#include <optional>

extern "C" {
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/json.h"
}

namespace tviews::ddl {

namespace {

pg::vector<definition::OutputColumn> view_columns(Oid view) {
    pg::vector<definition::OutputColumn> columns;
    pg::OpenRelation const relation(view, AccessShareLock);
    TupleDesc const descriptor = RelationGetDescr(relation.get());
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute const attribute = TupleDescAttr(descriptor, i);
        if (!attribute->attisdropped)
            columns.push_back({pstrdup(NameStr(attribute->attname)), attribute->atttypid,
                               attribute->atttypmod, attribute->attcollation});
    }
    return columns;
}

void require_same_key(const char *table, const catalog::MetaRow &row, const definition::Shape &shape,
                      const pg::vector<definition::OutputColumn> &old_columns) {
    bool same = list_length(row.key_columns) == static_cast<int>(shape.key.size());
    for (std::size_t i = 0; same && i < shape.key.size(); i++) {
        const definition::OutputColumn &column = shape.columns[shape.key[i]];
        const definition::OutputColumn *const old = find_column(old_columns, column.name);
        same =
            strcmp(column.name, static_cast<char *>(list_nth(row.key_columns, static_cast<int>(i)))) == 0 &&
            old != nullptr && same_type(*old, column);
    }
    if (!same)
        ereport(ERROR, errcode(errors::invalid_select), errmsg("cannot change the key of TVIEW %s", table),
                errdetail("The new definition has the key (%s).", key_list(shape)),
                errhint("Drop the TVIEW and create it again."));
}

// CREATE OR REPLACE VIEW can only append columns; other changes need a new view.
Oid exchange_view(Oid view, const char *definition, const pg::vector<definition::OutputColumn> &old_columns,
                  const pg::vector<definition::OutputColumn> &new_columns) {
    const char *const name = pg::qualified_name(view);
    Oid const schema = get_rel_namespace(view);
    const char *const bare_name = get_rel_name(view);
    bool appends = old_columns.size() <= new_columns.size();
    for (std::size_t i = 0; appends && i < old_columns.size(); i++)
        appends = strcmp(old_columns[i].name, new_columns[i].name) == 0 &&
                  same_type(old_columns[i], new_columns[i]);
    if (appends) {
        run(replacing_statement(view, definition));
        return view;
    }
    List *const attachments = attachments_of(view);
    run(psprintf("DROP VIEW %s RESTRICT", name));
    run(psprintf("CREATE VIEW %s AS %s", name, definition));
    Oid const fresh = get_relname_relid(bare_name, schema);
    attach(attachments, fresh);
    return fresh;
}

void record(const catalog::MetaRow &row, const char *old_definition) {
    StringInfoData details;
    initStringInfo(&details);
    appendStringInfoString(&details, "{\"old_definition\":");
    escape_json(&details, old_definition);
    appendStringInfoString(&details, ",\"definition\":");
    escape_json(&details, row.definition);
    appendStringInfoChar(&details, '}');
    catalog::audit("REPLACE", row.entity, details.data);
}

} // namespace

const char *replace(const char *name, const char *select, const char *options_json) {
    const catalog::Tview *const tview = catalog::resolve(name);
    require_owner(*tview);
    Oid const table = tview->table;
    // One replacement or removal at a time; a loser finds out here, before anything has changed.
    LockRelationOid(table, ShareUpdateExclusiveLock);
    const catalog::MetaRow *const old = catalog::meta_row(table);
    if (old == nullptr)
        ereport(ERROR, errcode(errors::metadata_not_found), errmsg("TVIEW \"%s\" does not exist", name),
                errhint("It was dropped at the same time."));
    const char *const qualified = pg::qualified_name(table);

    RawStmt *const raw = parse_select(select);
    Query *const query = definition::canonical(analyze_statement(raw, select));
    if (options_json != nullptr)
        options_json = with_stored_partitioning(options_json, old->options, qualified);
    Options const options =
        options_json != nullptr ? read_options(options_json) : read_stored_options(old->options);
    definition::Request request;
    request.entity = old->entity;
    request.key_columns = old->explicit_key ? old->key_columns : nullptr;
    request.function_reads = options_json != nullptr ? options.function_reads : old->function_reads;
    request.stale_sources = options.stale_sources;

    struct OwnSurroundings {
        OwnSurroundings() {
            pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
            pg::GucScope::set_local("standard_conforming_strings", "on");
        }
        OwnStatements own;
        pg::GucScope settings;
    };
    std::optional<OwnSurroundings> surroundings(std::in_place);
    const char *const definition = definition::text_of(query);
    if (options_json == nullptr && definition::same_text(old->view, query))
        return "unchanged";

    definition::Shape *const shape = definition::analyze(query, request);
    pg::vector<definition::OutputColumn> const old_columns = view_columns(old->view);
    require_same_key(qualified, *old, *shape, old_columns);
    require_select(*shape, tview->owner);
    check_cascade(table, get_rel_name(table), shape->relations);

    surroundings.reset(); // users' triggers on the TVIEW run in theirs
    lock_sources(shape->relations);
    queue::flush_before_read(list_make1_oid(table));
    surroundings.emplace();
    bool const retyped = alter_columns(table, old_columns, shape->columns);
    catalog::MetaRow row = describe(*shape, request, options);
    row.function_reads = request.function_reads;
    row.settings = old->settings;
    row.table = table;
    row.view = exchange_view(old->view, definition, old_columns, shape->columns);
    row.definition = definition;
    if (row.view != old->view)
        (void) drop_view_with_table(row.view, table);
    catalog::update_meta_row(row);
    record(row, old->definition);
    capture::install_guard(table);
    queue::forget(table);

    for (Oid relation : shape->relations)
        capture::install_triggers(relation);
    pg::each_oid(old->dependencies, [&](Oid relation) {
        capture::remove_unused_triggers(relation, list_make1(const_cast<char *>(row.entity)));
    });
    List *existing = NIL;
    for (const definition::OutputColumn &column : old_columns)
        existing = lappend(existing, pstrdup(column.name));
    add_indexes(table, *shape, options, existing);
    surroundings.reset();
    (void) refresh::full_refresh(table);
    CommandCounterIncrement();
    announce(*shape, table);
    return retyped ? "rebuilt" : "replaced";
}

} // namespace tviews::ddl
