// ddl/restore.cpp - see restore.hpp.
//
// Order matters where pg_restore works in parallel: a trigger is created when the rows of its own table are loaded, but
// other tables may still be empty, and pg_tview_meta too. So nothing is taken up before every base table has its capture
// trigger: then all are loaded. A row of pg_tview_meta that comes later is left out (catalog/replay).
#include "ddl/restore.hpp"

#include "capture/capture.hpp"
#include "catalog/installed.hpp"
#include "catalog/replay.hpp"
#include "catalog/triggers.hpp"
#include "ddl/cascade.hpp"
#include "ddl/drop.hpp"
#include "ddl/sources.hpp"
#include "ddl/state.hpp"
#include "definition/text.hpp"
#include "pg/guard.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"
#include "refresh/refresh.hpp"

#include <optional>

extern "C" {
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "rewrite/rewriteHandler.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
}

namespace tviews::ddl {

namespace {

Oid find(const RangeVar *name) { return name == nullptr ? InvalidOid : RangeVarGetRelid(name, NoLock, true); }

bool own_table(Oid relation) {
    Oid const schema = catalog::extension_schema();
    return OidIsValid(schema) && (relation == get_relname_relid("pg_tview_meta", schema) ||
                                  relation == get_relname_relid("pg_tview_audit_log", schema));
}

// In a parallel restore another session may be taking up the same TVIEW, or be loading its metadata row. Comes before
// the lock of the statement's own table, which that session may need.
void take_turns() { LockRelationOid(catalog::meta_table(), ShareRowExclusiveLock); }

// v_<entity> beside the table; InvalidOid when it has not come back.
Oid view_of(Oid table) {
    const char *const name = get_rel_name(table);
    if (name == nullptr || strncmp(name, "tv_", 3) != 0)
        return InvalidOid;
    Oid const view = get_relname_relid(psprintf("v_%s", name + 3), get_rel_namespace(table));
    return OidIsValid(view) && get_rel_relkind(view) == RELKIND_VIEW ? view : InvalidOid;
}

// The first relation that has no capture trigger; InvalidOid when all have.
Oid uncaptured(const pg::vector<Oid> &relations) {
    for (Oid relation : relations)
        if (!capture::captured(relation))
            return relation;
    return InvalidOid;
}

bool holds_rows(const Relation table) {
    return RELKIND_HAS_STORAGE(table->rd_rel->relkind) && RelationGetNumberOfBlocks(table) > 0;
}

// visit(relation) for the table, its partitions and every member of the trees it reads; true as soon as one visit says so.
template <typename F> bool any_of(Oid table, const List *dependencies, F &&visit) {
    bool result = false;
    auto const members = [&](Oid relation) {
        pg::each_oid(find_all_inheritors(relation, AccessShareLock, nullptr), [&](Oid member) {
            result = result || visit(pg::OpenRelation(member, AccessShareLock).get());
        });
    };
    members(table);
    pg::each_oid(dependencies, members);
    return result;
}

// pg_dump may leave the rows of a table out: unlogged ones, and those the user says.
bool may_miss_rows(const catalog::MetaRow &row) {
    return any_of(row.table, row.dependencies, holds_rows) &&
           any_of(row.table, row.dependencies, [](Relation table) {
               return RELKIND_HAS_STORAGE(table->rd_rel->relkind) &&
                      (table->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED || !holds_rows(table));
           });
}

// Refreshes a TVIEW that has rows of its own or to read. Materialized views get theirs when a dump ends, by a REFRESH that
// refreshes what reads them (capture::after_refresh).
void catch_up(Oid table, const List *dependencies) {
    bool readable = true;
    pg::each_oid(dependencies, [&](Oid source) { readable = readable && pg::populated(source); });
    if (readable)
        (void) refresh::full_refresh(table);
}

// Dumps give privileges last: until the owner of a TVIEW has them, it cannot be computed. Runs f; nullptr when all went
// well, else f has had no effect and this is the privilege that is missing.
template <typename F> const char *without_privileges(F &&f) {
    std::optional<pg::CaughtError> const error = pg::try_subtransaction(f);
    if (!error)
        return nullptr;
    if (error->data->sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE)
        ReThrowError(error->data);
    return error->data->message;
}

void warn_not_yet(Oid table, const char *reason) {
    ereport(WARNING, errmsg("TVIEW %s is not maintained yet", pg::qualified_name(table)),
            errdetail("%s.", reason),
            errhint("It will be when the dump's remaining triggers and privileges have been restored."));
}

// TVIEWs that were registered before and read `table` as a plain table.
void note_in_readers(Oid table) {
    for (catalog::MetaRow *reader : pg::each<catalog::MetaRow>(catalog::meta_rows())) {
        if (!list_member_oid(reader->dependencies, table))
            continue;
        reader->dependency_types = NIL;
        pg::each_oid(reader->dependencies, [&](Oid relation) {
            bool const tview = catalog::find_by_storage(relation) != nullptr;
            reader->dependency_types = lappend(reader->dependency_types, pstrdup(tview ? "tview" : "table"));
        });
        catalog::update_meta_row(*reader);
    }
}

void register_again(Oid table, catalog::MetaRow known) {
    Oid const view = view_of(table);
    Query *query;
    {
        pg::OpenRelation const relation(view, AccessShareLock);
        query = static_cast<Query *>(copyObjectImpl(get_view_query(relation.get())));
    }
    definition::Request request;
    request.entity = pstrdup(get_rel_name(table) + 3);
    request.key_columns = known.key_columns;
    request.function_reads = known.function_reads;
    request.stale_sources = read_stored_options(known.options).stale_sources;
    definition::Shape *const shape = definition::analyze(query, request);
    List *relations = NIL;
    for (Oid relation : shape->relations)
        relations = lappend_oid(relations, relation);
    bool const has_rows = any_of(table, relations, holds_rows);
    if (Oid const missing = uncaptured(shape->relations); has_rows && OidIsValid(missing)) {
        warn_not_yet(table,
                     psprintf("table %s has no trigger \"tview_capture\"", pg::qualified_name(missing)));
        return;
    }
    check_cascade(table, get_rel_name(table), shape->relations);
    lock_sources(shape->relations);
    catalog::MetaRow row = describe(*shape, request, read_stored_options(known.options));
    row.table = table;
    row.view = view;
    row.definition = definition::text_of(query);
    row.settings = known.settings;
    row.function_reads = known.function_reads;
    catalog::insert_meta_row(row);
    (void) drop_view_with_table(view, table);
    for (Oid relation : shape->relations)
        capture::install_triggers(relation);
    capture::install_guard(table);
    CommandCounterIncrement();
    note_in_readers(table);
    if (has_rows)
        catch_up(table, relations);
}

void take_up(Oid table) {
    if (const catalog::MetaRow *const row = catalog::meta_row(table)) {
        if (complete(*row) && may_miss_rows(*row))
            (void) without_privileges([&] { catch_up(table, row->dependencies); });
        return;
    }
    catalog::MetaRow known;
    if (!capture::guarded(table, &known))
        return;
    if (!OidIsValid(view_of(table))) {
        ereport(WARNING, errmsg("table %s is not a TVIEW any more", pg::qualified_name(table)),
                errdetail("Its view \"v_...\", which holds the definition, does not exist."),
                errhint("Restore the view before the triggers of the table."));
        return;
    }
    const char *const reason = without_privileges([&] { register_again(table, known); });
    if (reason != nullptr)
        warn_not_yet(table, reason);
}

// What waits for `relations`: TVIEWs that are not registered, and in a dump those that read one of them.
void take_up_readers(List *relations, bool replaying) {
    List *tables = NIL;
    for (const catalog::MetaRow *row :
         pg::each<const catalog::MetaRow>(replaying ? catalog::meta_rows() : NIL))
        if (list_length(list_difference_oid(relations, row->dependencies)) < list_length(relations))
            tables = list_append_unique_oid(tables, row->table);
    pg::each_oid(capture::guarded_tables(), [&](Oid table) {
        if (catalog::meta_row(table) == nullptr)
            tables = list_append_unique_oid(tables, table);
    });
    pg::each_oid(tables, take_up);
}

// What pg_restore switches off for its rows, foreign keys and triggers of users, says nothing about ours: capture goes on,
// and the guard leaves out the rows that it computes.
void keep_triggers(AlterTableStmt *statement, Oid relation) {
    // An event trigger's own context is gone when the statement runs.
    pg::ScopedContext const scope(GetMemoryChunkContext(statement));
    List *after = NIL;
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds)) {
        if (command->subtype != AT_DisableTrigAll && command->subtype != AT_EnableTrigAll)
            continue;
        for (const catalog::LiveTrigger &trigger : catalog::live_triggers(relation)) {
            auto *const keep = makeNode(AlterTableCmd);
            keep->subtype = trigger.always ? AT_EnableAlwaysTrig : AT_EnableTrig;
            keep->name = pstrdup(trigger.name);
            after = lappend(after, keep);
        }
    }
    statement->cmds = list_concat(statement->cmds, after);
}

} // namespace

bool complete(const catalog::MetaRow &row) {
    bool result = capture::guarded(row.table);
    pg::each_oid(row.dependencies, [&](Oid relation) { result = result && capture::captured(relation); });
    return result;
}

void admit_restore(Node *statement) {
    if (IsA(statement, CreateTrigStmt)) {
        auto *const create = reinterpret_cast<CreateTrigStmt *>(statement);
        if (capture::duty_of(create) != capture::Duty::none)
            take_turns();
        Oid const relation = find(create->relation);
        if (OidIsValid(relation) && capture::duty_of(relation, create->trigname) != capture::Duty::none)
            create->replace = true;
    } else if (IsA(statement, AlterTableStmt)) {
        auto *const alter = reinterpret_cast<AlterTableStmt *>(statement);
        Oid const relation = find(alter->relation);
        if (!OidIsValid(relation))
            return;
        if (catalog::replaying_dump() && pg::owned_by_user(relation))
            keep_triggers(alter, relation);
        if (!own_table(relation))
            return;
        for (AlterTableCmd *command : pg::each<AlterTableCmd>(alter->cmds))
            if (command->subtype == AT_DisableTrigAll || command->subtype == AT_DisableTrigUser)
                command->subtype = AT_EnableTrigAll;
    }
}

void take_up_restored(const CreateTrigStmt *statement) {
    Oid const relation = find(statement->relation);
    capture::Duty const duty =
        OidIsValid(relation) ? capture::duty_of(relation, statement->trigname) : capture::Duty::none;
    bool const rows = statement->row || statement->transitionRels != NIL;
    if (duty == capture::Duty::none || rows != (duty == capture::Duty::capture))
        return; // of two triggers one is enough
    if (duty == capture::Duty::capture && !capture::captured(relation))
        return; // of those for statements all are needed
    bool const replaying = catalog::replaying_dump();
    OwnStatements const own;
    pg::GucScope const guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    if (duty == capture::Duty::capture)
        take_up_readers(list_make1_oid(relation), replaying);
    else if (replaying || catalog::meta_row(relation) == nullptr)
        take_up(relation);
}

void take_up_granted(const GrantStmt *statement) {
    if (!statement->is_grant || statement->objtype != OBJECT_TABLE ||
        statement->targtype != ACL_TARGET_OBJECT || !catalog::replaying_dump())
        return;
    OwnStatements const own;
    pg::GucScope const guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    take_turns();
    List *granted = NIL;
    for (const RangeVar *name : pg::each<const RangeVar>(statement->objects))
        granted = lappend_oid(granted, find(name));
    take_up_readers(granted, true);
}

} // namespace tviews::ddl

// AFTER STATEMENT on pg_tview_meta: rows that arrive without catalog/meta.cpp (a restore, a repair by hand). One that
// arrives after the triggers did is of a TVIEW that nobody has maintained so far.
TVIEWS_FUNCTION(pg_tviews_internal_meta_changed) {
    using namespace tviews;
    catalog::announce_meta_change();
    CommandCounterIncrement();
    for (const catalog::MetaRow *row : pg::each<const catalog::MetaRow>(catalog::meta_rows()))
        if (ddl::drop_view_with_table(row->view, row->table) && ddl::complete(*row))
            ddl::catch_up(row->table, row->dependencies);
    PG_RETURN_POINTER(nullptr);
}
