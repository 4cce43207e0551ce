// ddl/redefine.cpp - see redefine.hpp.
//
// A definition keeps the names of the views it reads, so replacing one of them changes what the TVIEW means without
// touching it. The sources are locked as for a creation before the new meaning is computed.
#include "ddl/redefine.hpp"

#include "capture/capture.hpp"
#include "ddl/cascade.hpp"
#include "ddl/rights.hpp"
#include "ddl/sources.hpp"
#include "ddl/state.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"
#include "queue/queue.hpp"
#include "refresh/refresh.hpp"

extern "C" {
#include "catalog/pg_rewrite.h"
#include "commands/trigger.h"
#include "rewrite/rewriteHandler.h"
}

namespace tviews::ddl {

namespace {

// TVIEWs whose definition reads `view`, those that others are built on first. List of Oid.
List *readers_of(Oid view) {
    pg::vector<std::pair<int, Oid>> found;
    {
        MemoryContext const context = CurrentMemoryContext;
        pg::SpiSession const spi;
        (void) pg::spi_execute(
            psprintf("WITH RECURSIVE readers (view) AS ("
                     "SELECT %u::pg_catalog.oid "
                     "UNION SELECT r.ev_class FROM readers "
                     "JOIN pg_catalog.pg_depend d "
                     "ON d.refclassid OPERATOR(pg_catalog.=) %u::pg_catalog.oid "
                     "AND d.refobjid OPERATOR(pg_catalog.=) readers.view "
                     "AND d.classid OPERATOR(pg_catalog.=) %u::pg_catalog.oid "
                     "JOIN pg_catalog.pg_rewrite r ON r.oid OPERATOR(pg_catalog.=) d.objid) "
                     "SELECT view FROM readers",
                     view, RelationRelationId, RewriteRelationId),
            true);
        pg::ScopedContext const scope(context);
        for (uint64 i = 0; i < SPI_processed; i++) {
            bool is_null;
            Oid const reader =
                DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
            if (const catalog::Tview *const tview = catalog::find_by_view(reader))
                found.push_back({cascade_depth(tview->table), tview->table});
        }
    }
    std::sort(found.begin(), found.end());
    List *tables = NIL;
    for (auto const &[depth, table] : found)
        tables = lappend_oid(tables, table);
    return tables;
}

void compile_again(Oid table) {
    const catalog::MetaRow *const old = catalog::meta_row(table);
    Query *query;
    {
        pg::OpenRelation const view(old->view, AccessShareLock);
        query = static_cast<Query *>(copyObjectImpl(get_view_query(view.get())));
    }
    definition::Request request;
    request.entity = old->entity;
    request.key_columns = old->explicit_key ? old->key_columns : nullptr;
    request.function_reads = old->function_reads;
    definition::Shape *const shape = definition::analyze(query, request);
    if (const catalog::Tview *const tview = catalog::find_by_table(table))
        require_select(*shape, tview->owner);
    check_cascade(table, get_rel_name(table), shape->relations);
    lock_sources(shape->relations);

    catalog::MetaRow row = describe(*shape, request, read_stored_options(old->options));
    row.table = table;
    row.view = old->view;
    row.definition = old->definition;
    row.settings = old->settings;
    row.function_reads = old->function_reads;
    catalog::update_meta_row(row);
    queue::forget(table);
    for (Oid relation : shape->relations)
        capture::install_triggers(relation);
    pg::each_oid(old->dependencies, [](Oid relation) { capture::remove_unused_triggers(relation); });
    (void) refresh::full_refresh(table);
    CommandCounterIncrement();
    announce(*shape, table);
}

Oid view_of(const ViewStmt *statement) {
    return statement->replace ? RangeVarGetRelid(statement->view, NoLock, true) : InvalidOid;
}

} // namespace

void refuse_replacing_definition(const ViewStmt *statement) {
    const catalog::Tview *const tview = catalog::find_by_view(view_of(statement));
    // pg_restore may complete a view it made as a dummy; the triggers come after that.
    if (tview == nullptr || !OidIsValid(get_trigger_oid(tview->table, "tview_guard", true)))
        return;
    ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("cannot replace view \"%s\" because it defines TVIEW \"%s\"", statement->view->relname,
                   tview->name),
            errhint("Use pg_tviews_replace('%s', 'SELECT ...').", tview->name));
}

void follow_replaced_view(const ViewStmt *statement) {
    Oid const view = view_of(statement);
    if (!OidIsValid(view) || catalog::all() == NIL)
        return;
    OwnStatements const own;
    pg::each_oid(readers_of(view), [](Oid table) { compile_again(table); });
}

} // namespace tviews::ddl
