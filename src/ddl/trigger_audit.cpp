// ddl/trigger_audit.cpp - see trigger_audit.hpp.
#include "ddl/trigger_audit.hpp"

#include "catalog/audit.hpp"
#include "catalog/catalog.hpp"
#include "catalog/replay.hpp"
#include "dependency/dependency.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "utils/json.h"
}

namespace tviews::ddl {

namespace {

bool has_our_name(const char *trigger) { return strncmp(trigger, "tview_", 6) == 0; }

// Entities of the TVIEWs that the trigger (nullptr: any) on `relation` works for: the guard protects the TVIEW itself, the
// others serve its readers. List of char *.
List *concerned(Oid relation, const char *trigger) {
    bool const guard = trigger != nullptr && strncmp(trigger, "tview_guard", 11) == 0;
    List *entities = guard ? NIL : dependency::reader_names(relation);
    const catalog::Tview *const own = catalog::find_by_storage(relation);
    if (own != nullptr && (guard || trigger == nullptr))
        entities = lcons(pstrdup(own->entity), entities);
    return entities;
}

// `trigger`: nullptr for all of the table. `new_name`: when it gets one.
void record(const char *operation, const RangeVar *table, const char *trigger,
            const char *new_name = nullptr) {
    if (trigger != nullptr && !has_our_name(trigger) && (new_name == nullptr || !has_our_name(new_name)))
        return;
    Oid const relation = RangeVarGetRelid(table, NoLock, true);
    if (!OidIsValid(relation))
        return;
    StringInfoData details;
    initStringInfo(&details);
    appendStringInfoString(&details, "{\"table\":");
    escape_json(&details, pg::qualified_name(relation));
    appendStringInfoString(&details, ",\"trigger\":");
    escape_json(&details, trigger != nullptr ? trigger : "all");
    if (new_name != nullptr) {
        appendStringInfoString(&details, ",\"new_name\":");
        escape_json(&details, new_name);
    }
    appendStringInfoChar(&details, '}');
    for (const char *entity : pg::each<const char>(concerned(relation, trigger)))
        catalog::audit(operation, entity, details.data);
}

void record_alter(const AlterTableStmt *statement) {
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds)) {
        switch (command->subtype) {
        case AT_EnableTrig:
        case AT_EnableAlwaysTrig:
        case AT_EnableReplicaTrig:
            record("ENABLE TRIGGER", statement->relation, command->name);
            break;
        case AT_EnableTrigAll:
        case AT_EnableTrigUser:
            record("ENABLE TRIGGER", statement->relation, nullptr);
            break;
        case AT_DisableTrig:
            record("DISABLE TRIGGER", statement->relation, command->name);
            break;
        case AT_DisableTrigAll:
        case AT_DisableTrigUser:
            record("DISABLE TRIGGER", statement->relation, nullptr);
            break;
        default:
            break;
        }
    }
}

// DROP TRIGGER name ON table: the last part names the trigger.
void record_drop(const DropStmt *statement) {
    for (List *name : pg::each<List>(statement->objects)) {
        List *const table = list_copy_head(name, list_length(name) - 1);
        if (table != NIL)
            record("DROP TRIGGER", makeRangeVarFromNameList(table), strVal(llast(name)));
    }
}

} // namespace

void audit_trigger_change(const Node *statement) {
    if (catalog::all() == NIL)
        return;
    if (IsA(statement, AlterTableStmt))
        record_alter(reinterpret_cast<const AlterTableStmt *>(statement));
    else if (IsA(statement, DropStmt) &&
             reinterpret_cast<const DropStmt *>(statement)->removeType == OBJECT_TRIGGER)
        record_drop(reinterpret_cast<const DropStmt *>(statement));
    else if (IsA(statement, RenameStmt) &&
             reinterpret_cast<const RenameStmt *>(statement)->renameType == OBJECT_TRIGGER) {
        auto const *const rename = reinterpret_cast<const RenameStmt *>(statement);
        record("RENAME TRIGGER", rename->relation, rename->subname, rename->newname);
    } else if (IsA(statement, CreateTrigStmt) && !catalog::replaying_dump()) {
        auto const *const create = reinterpret_cast<const CreateTrigStmt *>(statement);
        record("CREATE TRIGGER", create->relation, create->trigname);
    }
}

} // namespace tviews::ddl
