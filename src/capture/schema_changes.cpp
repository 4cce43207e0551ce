// capture/schema_changes.cpp - see schema_changes.hpp.
#include "capture/schema_changes.hpp"

#include "capture/capture.hpp"
#include "catalog/catalog.hpp"
#include "dependency/dependency.hpp"
#include "pg/list.hpp"
#include "queue/queue.hpp"

namespace tviews::capture {

namespace {

Oid find(const RangeVar *name) { return name == nullptr ? InvalidOid : RangeVarGetRelid(name, NoLock, true); }

bool read_from_above(Oid member) {
    List *const trees = dependency::ancestors_and_self(member);
    for (int i = 1; i < list_length(trees); i++)
        if (catalog::dependents_of(list_nth_oid(trees, i)) != NIL)
            return true;
    return false;
}

void member_came(Oid member) {
    if (!OidIsValid(member) || !read_from_above(member))
        return;
    install_triggers(member);
    queue::rows_came(member);
}

void member_went(Oid parent, Oid member) {
    if (OidIsValid(parent))
        queue::contents_changed(parent);
    // A detached partition loses the triggers that the root gave it.
    if (OidIsValid(member) && catalog::dependents_of(member) != NIL)
        install_triggers(member);
}

} // namespace

void before_drop(const DropStmt *statement) {
    if (statement->removeType != OBJECT_TABLE && statement->removeType != OBJECT_FOREIGN_TABLE)
        return;
    for (List *name : pg::each<List>(statement->objects)) {
        Oid const member = find(makeRangeVarFromNameList(name));
        if (OidIsValid(member) && read_from_above(member))
            queue::contents_changed(member);
    }
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

void after_create(const CreateStmt *statement) {
    if (statement->inhRelations != NIL)
        member_came(find(statement->relation));
}

} // namespace tviews::capture
