// ddl/alter.cpp - see alter.hpp. What is not refused here is the user's own: indexes, further columns, AFTER triggers,
// grants, comments, storage parameters.
#include "ddl/alter.hpp"

#include "capture/capture.hpp"
#include "catalog/audit.hpp"
#include "catalog/meta.hpp"
#include "ddl/create.hpp"
#include "ddl/parse.hpp"
#include "ddl/partitions.hpp"
#include "ddl/state.hpp"
#include "ddl/statement.hpp"
#include "errors/errors.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_trigger.h"
#include "commands/tablecmds.h"
#include "utils/json.h"
}

namespace tviews::ddl {

namespace {

Oid find(const RangeVar *name) { return name == nullptr ? InvalidOid : RangeVarGetRelid(name, NoLock, true); }

[[noreturn]] void refuse_column(const catalog::Tview &tview, const char *column) {
    ereport(ERROR, errcode(errors::definition_protected),
            errmsg("column \"%s\" belongs to the definition of TVIEW \"%s\"", column, tview.name),
            errhint("Change the definition with pg_tviews_replace()."));
    pg_unreachable();
}

[[noreturn]] void refuse_view(const catalog::Tview &tview, const char *what, const char *command) {
    ereport(ERROR, errcode(errors::definition_protected),
            errmsg("view \"%s\" belongs to TVIEW \"%s\" and has its %s", get_rel_name(tview.view), tview.name,
                   what),
            errhint("Use ALTER TABLE %s %s.", tview.name, command));
    pg_unreachable();
}

void check_column(const catalog::Tview &tview, const char *column) {
    if (column != nullptr && get_attnum(tview.view, column) != InvalidAttrNumber)
        refuse_column(tview, column);
}

void check_alter(const AlterTableStmt *statement) {
    Oid const relation = find(statement->relation);
    if (!OidIsValid(relation))
        return;
    const catalog::Tview *const by_table = catalog::find_by_table(relation);
    const catalog::Tview *const by_view = by_table == nullptr ? catalog::find_by_view(relation) : nullptr;
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds)) {
        if (by_table != nullptr &&
            (command->subtype == AT_DropColumn || command->subtype == AT_AlterColumnType))
            check_column(*by_table, command->name);
        if (by_view != nullptr && command->subtype == AT_ChangeOwner)
            refuse_view(*by_view, "owner", "OWNER TO");
    }
}

void check_rename(const RenameStmt *statement) {
    Oid const relation = find(statement->relation);
    if (!OidIsValid(relation))
        return;
    const catalog::Tview *const by_table = catalog::find_by_table(relation);
    const catalog::Tview *const by_view = by_table == nullptr ? catalog::find_by_view(relation) : nullptr;
    if (by_table == nullptr && by_view == nullptr)
        return;
    if (statement->renameType == OBJECT_COLUMN)
        check_column(by_table != nullptr ? *by_table : *by_view, statement->subname);
    else if (statement->renameType != OBJECT_TABLE && statement->renameType != OBJECT_VIEW)
        return;
    else if (by_view != nullptr)
        refuse_view(*by_view, "name", "RENAME TO");
    else {
        Oid const schema = get_rel_namespace(relation);
        lock_name(schema, statement->newname);
        if (!OidIsValid(get_relname_relid(statement->newname, schema)))
            refuse_existing_view(schema, entity_of(statement->newname));
    }
}

void check_move(const AlterObjectSchemaStmt *statement) {
    Oid const relation = find(statement->relation);
    const catalog::Tview *const tview = OidIsValid(relation) ? catalog::find_by_view(relation) : nullptr;
    if (tview != nullptr)
        refuse_view(*tview, "schema", "SET SCHEMA");
}

void check_trigger(const CreateTrigStmt *statement) {
    if (!statement->row || (statement->timing & TRIGGER_TYPE_TIMING_MASK) != TRIGGER_TYPE_BEFORE ||
        capture::duty_of(statement) == capture::Duty::guard)
        return;
    Oid const relation = find(statement->relation);
    const catalog::Tview *const tview = OidIsValid(relation) ? catalog::find_by_storage(relation) : nullptr;
    if (tview != nullptr)
        ereport(ERROR, errcode(errors::definition_protected),
                errmsg("TVIEW \"%s\" cannot have a BEFORE ROW trigger", tview->name),
                errdetail("It could change or skip rows, and the TVIEW would not equal its definition."),
                errhint("Use an AFTER trigger, or a generated column."));
}

// A key that was found by the name of the entity must be found by another name too.
bool key_follows(const catalog::MetaRow &row) {
    const char *const preferred = psprintf("pk_%s", row.entity);
    if (strcmp(static_cast<const char *>(linitial(row.key_columns)), preferred) == 0)
        return true;
    int candidates = 0;
    pg::OpenRelation const view(row.view, AccessShareLock);
    TupleDesc const descriptor = RelationGetDescr(view.get());
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute const column = TupleDescAttr(descriptor, i);
        if (!column->attisdropped && strncmp(NameStr(column->attname), "pk_", 3) == 0)
            candidates++;
    }
    return candidates == 1;
}

void record_rename(const char *entity, const char *old_table, Oid table) {
    StringInfoData details;
    initStringInfo(&details);
    appendStringInfoString(&details, "{\"old_table\":");
    escape_json(&details, old_table);
    appendStringInfoString(&details, ",\"table\":");
    escape_json(&details, pg::qualified_name(table));
    appendStringInfoChar(&details, '}');
    catalog::audit("RENAME", entity, details.data);
}

// What of a TVIEW does not go by the name and schema of its table yet.
void bring_along(catalog::MetaRow &row) {
    const char *const entity = entity_of(get_rel_name(row.table));
    Oid const schema = get_rel_namespace(row.table);
    bool const moved = get_rel_namespace(row.view) != schema;
    bool const renamed = strcmp(row.entity, entity) != 0;
    if (!moved && !renamed)
        return;
    Oid const old_schema = get_rel_namespace(row.view);
    const char *const old_name = psprintf("tv_%s", row.entity);
    const char *const old_table = pg::qualified_name(get_namespace_name(old_schema), old_name);
    if (moved)
        run_as_superuser(psprintf("ALTER VIEW %s SET SCHEMA %s", pg::qualified_name(row.view),
                                  pg::quoted(get_namespace_name(schema))));
    if (renamed) {
        run_as_superuser(psprintf("ALTER VIEW %s RENAME TO %s", pg::qualified_name(row.view),
                                  pg::quoted(psprintf("v_%s", entity))));
        row.entity = entity;
        row.explicit_key = row.explicit_key || !key_follows(row);
        catalog::update_meta_row(row);
    }
    move_partitions(row.table, old_schema, old_name);
    record_rename(entity, old_table, row.table);
}

} // namespace

void refuse_breaking(const Node *statement) {
    if (IsA(statement, AlterTableStmt))
        check_alter(reinterpret_cast<const AlterTableStmt *>(statement));
    else if (IsA(statement, RenameStmt))
        check_rename(reinterpret_cast<const RenameStmt *>(statement));
    else if (IsA(statement, AlterObjectSchemaStmt))
        check_move(reinterpret_cast<const AlterObjectSchemaStmt *>(statement));
    else if (IsA(statement, CreateTrigStmt))
        check_trigger(reinterpret_cast<const CreateTrigStmt *>(statement));
    refuse_partition(statement);
}

void follow_owner(const Node *statement) {
    if (!IsA(statement, AlterTableStmt))
        return;
    Oid const relation = find(reinterpret_cast<const AlterTableStmt *>(statement)->relation);
    const catalog::Tview *const tview = OidIsValid(relation) ? catalog::find_by_table(relation) : nullptr;
    if (tview == nullptr)
        return;
    Oid const view = tview->view;
    Oid const owner = pg::owner_of(relation);
    if (!OidIsValid(owner) || pg::owner_of(view) == owner)
        return;
    give_partitions_to(relation, owner);
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    ATExecChangeOwner(view, owner, false, AccessExclusiveLock);
    CommandCounterIncrement();
}

void follow_name(const Node *statement) {
    bool const names_table =
        (IsA(statement, RenameStmt) &&
         reinterpret_cast<const RenameStmt *>(statement)->renameType == OBJECT_TABLE) ||
        (IsA(statement, AlterObjectSchemaStmt) &&
         reinterpret_cast<const AlterObjectSchemaStmt *>(statement)->objectType == OBJECT_TABLE);
    if (!names_table)
        return;
    OwnStatements const own;
    for (catalog::MetaRow *row : pg::each<catalog::MetaRow>(catalog::meta_rows()))
        if (catalog::find_by_table(row->table) != nullptr)
            bring_along(*row);
}

} // namespace tviews::ddl
