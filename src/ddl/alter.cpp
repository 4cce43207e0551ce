// ddl/alter.cpp - see alter.hpp. What is not refused here is the user's own: indexes, further columns, AFTER triggers,
// grants, comments, storage parameters.
#include "ddl/alter.hpp"

#include "catalog/catalog.hpp"
#include "errors/errors.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_trigger.h"
#include "commands/tablecmds.h"
}

namespace tviews::ddl {

namespace {

Oid find(const RangeVar *name) { return name == nullptr ? InvalidOid : RangeVarGetRelid(name, NoLock, true); }

Oid owner_of(Oid relation) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    Oid const owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

[[noreturn]] void refuse_column(const catalog::Tview &tview, const char *column) {
    ereport(ERROR, errcode(errors::definition_protected),
            errmsg("column \"%s\" belongs to the definition of TVIEW \"%s\"", column, tview.name),
            errhint("Change the definition with pg_tviews_replace()."));
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
            ereport(ERROR, errcode(errors::definition_protected),
                    errmsg("view \"%s\" belongs to TVIEW \"%s\" and has its owner", get_rel_name(relation),
                           by_view->name),
                    errhint("Use ALTER TABLE %s OWNER TO.", by_view->name));
    }
}

void check_rename(const RenameStmt *statement) {
    if (statement->renameType != OBJECT_COLUMN)
        return;
    Oid const relation = find(statement->relation);
    if (!OidIsValid(relation))
        return;
    const catalog::Tview *tview = catalog::find_by_table(relation);
    if (tview == nullptr)
        tview = catalog::find_by_view(relation);
    if (tview != nullptr)
        check_column(*tview, statement->subname);
}

void check_trigger(const CreateTrigStmt *statement) {
    if (!statement->row || (statement->timing & TRIGGER_TYPE_TIMING_MASK) != TRIGGER_TYPE_BEFORE)
        return;
    Oid const relation = find(statement->relation);
    const catalog::Tview *const tview = OidIsValid(relation) ? catalog::find_by_table(relation) : nullptr;
    if (tview != nullptr)
        ereport(ERROR, errcode(errors::definition_protected),
                errmsg("TVIEW \"%s\" cannot have a BEFORE ROW trigger", tview->name),
                errdetail("It could change or skip rows, and the TVIEW would not equal its definition."),
                errhint("Use an AFTER trigger, or a generated column."));
}

} // namespace

void refuse_breaking(const Node *statement) {
    if (IsA(statement, AlterTableStmt))
        check_alter(reinterpret_cast<const AlterTableStmt *>(statement));
    else if (IsA(statement, RenameStmt))
        check_rename(reinterpret_cast<const RenameStmt *>(statement));
    else if (IsA(statement, CreateTrigStmt))
        check_trigger(reinterpret_cast<const CreateTrigStmt *>(statement));
}

void follow_owner(const Node *statement) {
    if (!IsA(statement, AlterTableStmt))
        return;
    Oid const relation = find(reinterpret_cast<const AlterTableStmt *>(statement)->relation);
    const catalog::Tview *const tview = OidIsValid(relation) ? catalog::find_by_table(relation) : nullptr;
    if (tview == nullptr)
        return;
    Oid const view = tview->view;
    Oid const owner = owner_of(relation);
    if (!OidIsValid(owner) || owner_of(view) == owner)
        return;
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    ATExecChangeOwner(view, owner, false, AccessExclusiveLock);
    CommandCounterIncrement();
}

} // namespace tviews::ddl
