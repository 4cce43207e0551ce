// ddl/drop.cpp - removes what is left of a TVIEW when a part of it is dropped.
//
// However a part goes (DROP TABLE, CASCADE from a base table, DROP SCHEMA, DROP OWNED), PostgreSQL tells by sql_drop
// and the rest follows here: the other relation, the metadata row, the queue, triggers on tables that no TVIEW reads
// any more. The rest may belong to somebody else than the dropper, so it goes with the bootstrap superuser's rights.
#include "ddl/drop.hpp"

#include "capture/capture.hpp"
#include "catalog/audit.hpp"
#include "catalog/meta.hpp"
#include "ddl/statement.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
}

namespace tviews::ddl {

namespace {

bool exists(Oid relation) { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); }

// pg_restore --clean drops the triggers first and the views before the tables: a table without its guard is being
// dismantled on purpose, and loses its view without a protest.
bool dismantled(Oid table) { return !OidIsValid(get_trigger_oid(table, "tview_guard", true)); }

void refuse_view_alone(const catalog::MetaRow &row) {
    const char *const table = pg::qualified_name(row.table);
    ereport(ERROR, errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
            errmsg("cannot drop view v_%s because TVIEW %s is defined by it", row.entity, table),
            errhint("Use DROP TABLE %s to drop the TVIEW with its view, or DROP VIEW ... CASCADE.", table));
}

void drop_relation(const char *kind, Oid relation, DropBehavior behavior) {
    if (exists(relation))
        run_as_superuser(psprintf("DROP %s %s %s", kind, pg::qualified_name(relation),
                                  behavior == DROP_CASCADE ? "CASCADE" : "RESTRICT"));
}

void record(const catalog::MetaRow &row) {
    StringInfoData details;
    initStringInfo(&details);
    appendStringInfoString(&details, "{\"definition\":");
    escape_json(&details, row.definition);
    appendStringInfoChar(&details, '}');
    catalog::audit("DROP", row.entity, details.data);
}

// Does the view have an automatic dependency on the table?
bool goes_with(Oid view, Oid table) {
    bool found = false;
    Relation const depends = table_open(DependRelationId, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(RelationRelationId));
    ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(view));
    SysScanDesc const scan = systable_beginscan(depends, DependDependerIndexId, true, nullptr, 2, keys);
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));) {
        auto const form = reinterpret_cast<Form_pg_depend>(GETSTRUCT(tuple));
        found = found || (form->refclassid == RelationRelationId && form->refobjid == table &&
                          form->deptype == DEPENDENCY_AUTO);
    }
    systable_endscan(scan);
    table_close(depends, AccessShareLock);
    return found;
}

} // namespace

void lock_before_drop(const DropStmt *statement) {
    List *gone = NIL;
    for (List *name : pg::each<List>(statement->objects)) {
        Oid const relation = RangeVarGetRelid(makeRangeVarFromNameList(name), NoLock, true);
        // Who may not drop it shall not lock anything for it either.
        if (OidIsValid(relation) && pg::owned_by_user(relation))
            gone = lappend_oid(gone, relation);
    }
    List *const rows = gone != NIL ? catalog::meta_rows() : NIL;
    List *sources = NIL;
    for (bool more = true; more;) { // CASCADE takes those along that are built on it
        more = false;
        for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(rows)) {
            bool const named = list_member_oid(gone, row->table) || list_member_oid(gone, row->view);
            bool follows = false;
            if (statement->behavior == DROP_CASCADE)
                pg::each_oid(row->dependencies,
                             [&](Oid on) { follows = follows || list_member_oid(gone, on); });
            if (!named && !follows)
                continue;
            more = more || !list_member_oid(gone, row->table);
            gone = list_append_unique_oid(gone, row->table);
            sources = list_concat_unique_oid(sources, row->dependencies);
        }
    }
    for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(rows))
        if (list_member_oid(gone, row->table))
            (void) drop_view_with_table(row->view, row->table); // a restore does not know of it
    list_sort(sources, list_oid_cmp);
    pg::each_oid(sources, [&](Oid source) {
        bool last_reader = true; // its triggers go
        for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(rows))
            if (list_member_oid(row->dependencies, source) && !list_member_oid(gone, row->table))
                last_reader = false;
        LOCKMODE const mode = last_reader ? AccessExclusiveLock : ShareRowExclusiveLock;
        LockRelationOid(source, mode);
        if (has_subclass(source))
            (void) find_all_inheritors(source, mode, nullptr);
    });
}

void drop_the_rest(List *dropped, List *named, DropBehavior behavior) {
    List *affected = NIL;
    for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(catalog::meta_rows())) {
        bool const table_gone = list_member_oid(dropped, row->table);
        bool const view_gone = list_member_oid(dropped, row->view);
        if (!table_gone && !view_gone)
            continue;
        if (!table_gone && behavior == DROP_RESTRICT && list_member_oid(named, row->view) &&
            exists(row->table) && !dismantled(row->table))
            refuse_view_alone(*row);
        affected = lappend(affected, row);
    }
    // All rows first: the drops below call us again, and must find only what they add themselves.
    for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(affected)) {
        catalog::delete_meta_row(row->table);
        queue::forget(row->table);
    }
    for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(affected)) {
        if (exists(row->table) && !dismantled(row->table))
            drop_relation("TABLE", row->table, behavior);
        drop_relation("VIEW", row->view, behavior);
    }
    for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(affected)) {
        record(*row);
        pg::each_oid(row->dependencies, [&](Oid relation) {
            capture::remove_unused_triggers(relation, list_make1(const_cast<char *>(row->entity)));
        });
    }
}

bool drop_view_with_table(Oid view, Oid table) {
    if (!exists(view) || !exists(table) || goes_with(view, table))
        return false;
    ObjectAddress dependent;
    ObjectAddress referenced;
    ObjectAddressSet(dependent, RelationRelationId, view);
    ObjectAddressSet(referenced, RelationRelationId, table);
    recordDependencyOn(&dependent, &referenced, DEPENDENCY_AUTO);
    CommandCounterIncrement();
    return true;
}

const char *drop(const char *name, bool if_exists, bool cascade) {
    const catalog::Tview *const tview = if_exists ? catalog::try_resolve(name) : catalog::resolve(name);
    if (tview == nullptr) {
        ereport(NOTICE, errmsg("TVIEW \"%s\" does not exist, skipping", name));
        return nullptr;
    }
    Oid const table = tview->table;
    const char *const qualified = pg::qualified_name(table);
    DropBehavior const behavior = cascade ? DROP_CASCADE : DROP_RESTRICT;
    run(psprintf("DROP TABLE %s %s", qualified, cascade ? "CASCADE" : "RESTRICT"));
    // Nothing is left for this unless event triggers are switched off.
    drop_the_rest(list_make1_oid(table), list_make1_oid(table), behavior);
    return qualified;
}

} // namespace tviews::ddl
