// capture/schema_changes.cpp - see schema_changes.hpp.
#include "capture/schema_changes.hpp"

#include "capture/capture.hpp"
#include "catalog/catalog.hpp"
#include "catalog/triggers.hpp"
#include "dependency/dependency.hpp"
#include "pg/list.hpp"
#include "pg/relations.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
#include "utils/resowner.h"
}

namespace tviews::capture {

namespace {

Oid find(const RangeVar *name) { return name == nullptr ? InvalidOid : RangeVarGetRelid(name, NoLock, true); }

// Puts row triggers back on a table that statement triggers do not see every change of any more.
void check_statement_capture(Oid relation) {
    if (catalog::captured_by_statement(relation) && dependency::needs_row_triggers(relation) != nullptr &&
        dependency::is_read(relation))
        install_triggers(relation);
}

void member_came(Oid member) {
    if (catalog::all() == NIL || !OidIsValid(member))
        return;
    pg::each_oid(dependency::ancestors_and_self(member), check_statement_capture);
    if (!dependency::is_read_from_above(member))
        return;
    install_triggers(member);
    queue::rows_came(member);
}

void member_went(Oid parent, Oid member) {
    if (OidIsValid(parent))
        queue::contents_changed(parent);
    if (!OidIsValid(member))
        return;
    if (catalog::dependents_of(member) != NIL)
        install_triggers(member); // PostgreSQL has taken the root's away
    else
        remove_unused_triggers(member, OidIsValid(parent) ? dependency::reader_names(parent) : NIL);
}

// DETACH PARTITION CONCURRENTLY commits twice. The first commit makes the rows invisible to transactions that begin
// later, so it is the one that has to bring the TVIEWs up to date, with a query that does not see the rows any more:
// PostgreSQL decides by whether the transaction that detaches is past in the query's snapshot. It is when a later
// transaction id is past, and an aborted subtransaction's is.
void detach_in_two_steps(Oid parent) {
    if (!dependency::is_read_from_above(parent) && catalog::dependents_of(parent) == NIL)
        return;
    MemoryContext const context = CurrentMemoryContext;
    ResourceOwner const owner = CurrentResourceOwner;
    (void) GetTopTransactionId();
    BeginInternalSubTransaction(nullptr);
    (void) GetCurrentTransactionId();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    queue::contents_changed(parent);
}

// Does the statement enable this trigger, or any (nullptr)?
bool enables(const AlterTableStmt *statement, const char *trigger) {
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds)) {
        switch (command->subtype) {
        case AT_EnableTrigAll:
        case AT_EnableTrigUser:
            return true;
        case AT_EnableTrig:
        case AT_EnableAlwaysTrig:
            if (trigger == nullptr || strcmp(trigger, command->name) == 0)
                return true;
            break;
        default:
            break;
        }
    }
    return false;
}

bool brings_back(const AlterTableStmt *statement, const pg::vector<catalog::TriggerDefect> &triggers) {
    for (const catalog::TriggerDefect &trigger : triggers)
        if (trigger.defect == catalog::Defect::disabled && enables(statement, trigger.found))
            return true;
    return false;
}

} // namespace

void before_enable(const AlterTableStmt *statement) {
    Oid const relation = enables(statement, nullptr) ? find(statement->relation) : InvalidOid;
    if (!OidIsValid(relation) || catalog::all() == NIL || !pg::owned_by_user(relation))
        return;
    bool const partitions =
        get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE && statement->relation->inh;
    pg::each_oid(partitions ? find_all_inheritors(relation, NoLock, nullptr) : list_make1_oid(relation),
                 [&](Oid member) {
                     if (dependency::is_read(member) &&
                         brings_back(statement, catalog::capture_defects(member, false)))
                         queue::rows_came(member);
                 });
    if (catalog::find_by_table(relation) != nullptr &&
        brings_back(statement, catalog::guard_defects(relation)))
        queue::definition_changed(relation);
}

void before_alter(const AlterTableStmt *statement) {
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds)) {
        if (command->subtype != AT_AttachPartition && command->subtype != AT_DetachPartition)
            continue;
        auto const *const partition = reinterpret_cast<const PartitionCmd *>(command->def);
        Oid const parent = find(statement->relation);
        Oid const member = find(partition->name);
        if (!OidIsValid(parent) || !OidIsValid(member) || !pg::owned_by_user(parent) ||
            !pg::owned_by_user(member))
            continue; // PostgreSQL's error is better
        if (command->subtype == AT_AttachPartition)
            make_room_for_clones(parent, member);
        else if (partition->concurrent)
            detach_in_two_steps(parent);
    }
}

void after_drop(List *dropped) {
    if (catalog::all() == NIL)
        return;
    pg::each_oid(pg::parents_left_by(dropped), [](Oid parent) { queue::contents_changed(parent); });
}

void after_alter(const AlterTableStmt *statement) {
    bool columns = false;
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds)) {
        switch (command->subtype) {
        case AT_AttachPartition:
            member_came(find(reinterpret_cast<const PartitionCmd *>(command->def)->name));
            break;
        case AT_DetachPartition:
        case AT_DetachPartitionFinalize:
            member_went(find(statement->relation),
                        find(reinterpret_cast<const PartitionCmd *>(command->def)->name));
            break;
        case AT_AddInherit:
            member_came(find(statement->relation));
            break;
        case AT_DropInherit:
            member_went(find(reinterpret_cast<const RangeVar *>(command->def)), find(statement->relation));
            break;
        case AT_AddColumn:
        case AT_DropColumn:
        case AT_AlterColumnType:
            columns = true;
            break;
        default:
            break;
        }
    }
    Oid const relation = columns ? find(statement->relation) : InvalidOid;
    if (OidIsValid(relation))
        queue::row_type_changed(relation);
}

void after_rename(const RenameStmt *statement) {
    Oid const relation = statement->renameType == OBJECT_COLUMN ? find(statement->relation) : InvalidOid;
    if (OidIsValid(relation))
        queue::row_type_changed(relation);
}

// A materialized view has no triggers. Its rows may all be other ones.
void after_refresh(const RefreshMatViewStmt *statement) {
    Oid const relation = find(statement->relation);
    if (OidIsValid(relation) && catalog::dependents_of(relation) != NIL)
        queue::rows_came(relation);
}

void after_create_trigger(const CreateTrigStmt *statement) {
    Oid const relation = find(statement->relation);
    if (OidIsValid(relation) && catalog::all() != NIL)
        check_statement_capture(relation);
}

void after_create(const CreateStmt *statement) {
    if (statement->inhRelations != NIL)
        member_came(find(statement->relation));
}

} // namespace tviews::capture
