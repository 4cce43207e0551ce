// ddl/events.cpp - the event triggers: how ordinary DDL becomes TVIEW DDL.
//
// CREATE TABLE tv_x AS and SELECT INTO tv_x are checked at ddl_command_start, where the statement is changed to make an
// empty table, and taken over at ddl_command_end. What is redefined under a TVIEW is refused or followed. The statement
// tree is ours to change: PostgreSQL copies trees it wants to keep before it runs them. sql_drop completes removals.
// Sessions that only replay DDL do not fire these.
#include "capture/schema_changes.hpp"
#include "ddl/alter.hpp"
#include "ddl/create.hpp"
#include "ddl/drop.hpp"
#include "ddl/partitions.hpp"
#include "ddl/redefine.hpp"
#include "ddl/restore.hpp"
#include "ddl/rights.hpp"
#include "ddl/state.hpp"
#include "ddl/trigger_audit.hpp"
#include "pg/guard.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/spi.hpp"

#include <optional>

extern "C" {
#include "commands/event_trigger.h"
#include "commands/extension.h"
}

namespace tviews::ddl {

namespace {

EventTriggerData *event_data(FunctionCallInfo fcinfo) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
        ereport(ERROR, errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
                errmsg("function can only be called as an event trigger"));
    return reinterpret_cast<EventTriggerData *>(fcinfo->context);
}

// pg_upgrade makes every object again, in its own way, before the rows of pg_tview_meta are there. Our own scripts know
// what they do, and run between two versions.
bool inert() {
    return IsBinaryUpgrade ||
           (creating_extension && CurrentExtensionObject == get_extension_oid("pg_tviews", true));
}

CreateTableAsStmt *creating_statement(const EventTriggerData *event) {
    if (running_own_statements() || event->parsetree == nullptr || !IsA(event->parsetree, CreateTableAsStmt))
        return nullptr;
    auto *const statement = reinterpret_cast<CreateTableAsStmt *>(event->parsetree);
    return concerns_us(statement) ? statement : nullptr;
}

// Is the relation's pg_class row this transaction's work?
bool made_by_this_transaction(Oid relation) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return false;
    bool const ours = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
    ReleaseSysCache(tuple);
    return ours;
}

DropBehavior behavior_of(const Node *statement) {
    if (statement != nullptr && IsA(statement, DropStmt))
        return reinterpret_cast<const DropStmt *>(statement)->behavior;
    if (statement != nullptr && IsA(statement, DropOwnedStmt))
        return reinterpret_cast<const DropOwnedStmt *>(statement)->behavior;
    return DROP_CASCADE; // a part of something else, such as ALTER TABLE ... DROP COLUMN ... CASCADE
}

} // namespace

} // namespace tviews::ddl

using namespace tviews;

TVIEWS_FUNCTION(pg_tviews_internal_ddl_start) {
    const EventTriggerData *const event = ddl::event_data(fcinfo);
    if (ddl::inert())
        PG_RETURN_NULL();
    if (event->parsetree != nullptr && IsA(event->parsetree, DropStmt)) {
        auto const *const statement = reinterpret_cast<const DropStmt *>(event->parsetree);
        ddl::lock_before_drop(statement);
    }
    if (event->parsetree != nullptr && IsA(event->parsetree, AlterTableStmt))
        capture::before_alter(reinterpret_cast<const AlterTableStmt *>(event->parsetree));
    if (event->parsetree != nullptr && !ddl::running_own_statements()) {
        ddl::refuse_breaking(event->parsetree);
        ddl::refuse_replacing_definition(event->parsetree);
        ddl::admit_restore(event->parsetree);
        if (IsA(event->parsetree, AlterTableStmt))
            capture::before_enable(reinterpret_cast<const AlterTableStmt *>(event->parsetree));
    }
    CreateTableAsStmt *const statement = ddl::creating_statement(event);
    if (statement != nullptr) {
        ddl::Creation *const creation = ddl::prepare(statement, NIL, ddl::read_options("{}"));
        if (creation != nullptr)
            ddl::remember(creation);
    }
    PG_RETURN_NULL();
}

TVIEWS_FUNCTION(pg_tviews_internal_ddl_end) {
    const EventTriggerData *const event = ddl::event_data(fcinfo);
    if (event->parsetree == nullptr || ddl::inert())
        PG_RETURN_NULL();
    // A command that has committed on its way, such as DETACH PARTITION CONCURRENTLY, ends without a snapshot.
    std::optional<pg::PushedSnapshot> snapshot;
    if (!ActiveSnapshotSet())
        snapshot.emplace(GetTransactionSnapshot());
    if (IsA(event->parsetree, AlterTableStmt))
        capture::after_alter(reinterpret_cast<const AlterTableStmt *>(event->parsetree));
    if (IsA(event->parsetree, RenameStmt))
        capture::after_rename(reinterpret_cast<const RenameStmt *>(event->parsetree));
    if (IsA(event->parsetree, RefreshMatViewStmt))
        capture::after_refresh(reinterpret_cast<const RefreshMatViewStmt *>(event->parsetree));
    if (IsA(event->parsetree, CreateStmt))
        capture::after_create(reinterpret_cast<const CreateStmt *>(event->parsetree));
    if (IsA(event->parsetree, CreateForeignTableStmt))
        capture::after_create(&reinterpret_cast<const CreateForeignTableStmt *>(event->parsetree)->base);
    if (IsA(event->parsetree, CreateSchemaStmt))
        for (const Node *part :
             pg::each<const Node>(reinterpret_cast<const CreateSchemaStmt *>(event->parsetree)->schemaElts)) {
            if (IsA(part, CreateStmt))
                capture::after_create(reinterpret_cast<const CreateStmt *>(part));
            else if (IsA(part, CreateTrigStmt))
                capture::after_create_trigger(reinterpret_cast<const CreateTrigStmt *>(part));
        }
    if (!ddl::running_own_statements()) {
        ddl::follow_owner(event->parsetree);
        ddl::follow_partition(event->parsetree);
        ddl::follow_name(event->parsetree);
        ddl::after_security_change(event->parsetree);
        ddl::follow_redefinition(event->parsetree);
        ddl::audit_trigger_change(event->parsetree);
    }
    if (IsA(event->parsetree, GrantStmt))
        ddl::take_up_granted(reinterpret_cast<const GrantStmt *>(event->parsetree));
    if (IsA(event->parsetree, CreateTrigStmt)) {
        capture::after_create_trigger(reinterpret_cast<const CreateTrigStmt *>(event->parsetree));
        ddl::take_up_restored(reinterpret_cast<const CreateTrigStmt *>(event->parsetree));
    }
    CreateTableAsStmt *const statement = ddl::creating_statement(event);
    if (statement != nullptr) {
        const RangeVar *const target = statement->into->rel;
        ddl::Creation *const creation = ddl::recall(RangeVarGetCreationNamespace(target), target->relname);
        Oid const table =
            creation != nullptr ? get_relname_relid(creation->table_name, creation->schema) : InvalidOid;
        if (OidIsValid(table) && ddl::made_by_this_transaction(table))
            ddl::adopt(table, creation);
    }
    PG_RETURN_NULL();
}

TVIEWS_FUNCTION(pg_tviews_internal_sql_drop) {
    const EventTriggerData *const event = ddl::event_data(fcinfo);
    if (ddl::inert())
        PG_RETURN_NULL();
    if (ddl::running_own_statements()) // pg_tviews_replace() exchanges the view
        PG_RETURN_NULL();
    List *dropped = NIL;
    List *named = NIL;
    {
        MemoryContext const context = CurrentMemoryContext;
        pg::SpiSession const spi;
        (void) pg::spi_execute(
            "SELECT objid, original FROM pg_catalog.pg_event_trigger_dropped_objects() "
            "WHERE classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
            "AND objsubid OPERATOR(pg_catalog.=) 0",
            true);
        pg::ScopedContext const scope(context);
        for (uint64 i = 0; i < SPI_processed; i++) {
            HeapTuple const tuple = SPI_tuptable->vals[i];
            bool is_null;
            Oid const relation = DatumGetObjectId(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &is_null));
            dropped = lappend_oid(dropped, relation);
            if (DatumGetBool(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &is_null)))
                named = lappend_oid(named, relation);
        }
    }
    if (dropped != NIL)
        ddl::drop_the_rest(dropped, named, ddl::behavior_of(event->parsetree));
    capture::after_drop(dropped);
    ddl::follow_dropped_partitions(dropped);
    PG_RETURN_NULL();
}
