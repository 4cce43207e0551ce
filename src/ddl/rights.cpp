// ddl/rights.cpp - see rights.hpp.
//
// A TVIEW that misses rows, because its owner may not see them, is wrong for everybody. So the owner must see all rows;
// what readers of the TVIEW may see is for policies of its own to say. What no event trigger reports (ALTER ROLE,
// grants, REASSIGN OWNED) is noticed by maintenance, which raises an error: refresh/environment.cpp.
#include "ddl/rights.hpp"

#include "definition/reads.hpp"
#include "errors/errors.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "access/sysattr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
}

namespace tviews::ddl {

namespace {

bool may_use_schema(Oid role, Oid schema) {
    return DatumGetBool(DirectFunctionCall3(has_schema_privilege_id_id, ObjectIdGetDatum(role),
                                            ObjectIdGetDatum(schema), CStringGetTextDatum("USAGE")));
}

bool may_read(Oid role, Oid relation, const Bitmapset *columns) {
    if (pg_class_aclcheck(relation, role, ACL_SELECT) == ACLCHECK_OK)
        return true;
    int member = -1;
    bool any = false;
    while ((member = bms_next_member(columns, member)) >= 0) {
        auto const attno = static_cast<AttrNumber>(member + FirstLowInvalidHeapAttributeNumber);
        if (attno < 0)
            continue;
        any = true;
        if (attno == 0 ? pg_attribute_aclcheck_all(relation, role, ACL_SELECT, ACLMASK_ALL) != ACLCHECK_OK
                       : pg_attribute_aclcheck(relation, attno, role, ACL_SELECT) != ACLCHECK_OK)
            return false;
    }
    return any || pg_attribute_aclcheck_all(relation, role, ACL_SELECT, ACLMASK_ANY) == ACLCHECK_OK;
}

void warn(const char *table, Oid tview) {
    ereport(WARNING, errmsg("policies of \"%s\" do not apply to TVIEW \"%s\"", table, get_rel_name(tview)),
            errdetail("It has all rows, and whoever may read it sees them."),
            errhint("Write policies for it as well: CREATE POLICY ... ON %s; ALTER TABLE %s ENABLE ROW LEVEL "
                    "SECURITY.",
                    pg::qualified_name(tview), pg::qualified_name(tview)));
}

// The statement's relation when it may change what is read by whom.
struct Change {
    Oid relation = InvalidOid;
    bool enables = false;
};

Change change_of(const Node *statement) {
    Change change;
    bool any = false;
    if (!IsA(statement, AlterTableStmt))
        return change;
    auto const *const alter = reinterpret_cast<const AlterTableStmt *>(statement);
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(alter->cmds))
        switch (command->subtype) {
        case AT_EnableRowSecurity:
            change.enables = true;
            any = true;
            break;
        case AT_ForceRowSecurity:
        case AT_ChangeOwner:
        case AT_SetRelOptions: // security_invoker
        case AT_ResetRelOptions:
        case AT_ReplaceRelOptions:
            any = true;
            break;
        default:
            break;
        }
    if (any)
        change.relation = RangeVarGetRelid(alter->relation, NoLock, true);
    return change;
}

void check(const catalog::Tview &tview, const Change &change) {
    // Tables are known without a look, and a lock, at every definition.
    if (get_rel_relkind(change.relation) != RELKIND_VIEW && change.relation != tview.table &&
        !list_member_oid(tview.dependencies, change.relation))
        return;
    pg::vector<definition::Read> all = definition::reads(tview.view, tview.owner);
    all.push_back({tview.table, tview.owner});
    pg::each_oid(tview.dependencies, [&](Oid relation) { all.push_back({relation, tview.owner}); });
    bool concerned = false;
    for (const definition::Read &read : all)
        concerned = concerned || read.relation == change.relation;
    for (const definition::Read &read : all)
        if (concerned && definition::filtered(read))
            ereport(
                ERROR, errcode(errors::definition_protected),
                errmsg("row-level security would hide rows of table \"%s\" from TVIEW \"%s\"",
                       get_rel_name(read.relation), tview.name),
                errdetail(
                    "Role \"%s\" reads the table for the TVIEW, and its policies would apply to that role.",
                    GetUserNameFromId(read.reader, false)),
                errhint("Use ALTER ROLE %s BYPASSRLS, let the owner of the table own the TVIEW, or drop the "
                        "TVIEW.",
                        pg::quoted(GetUserNameFromId(read.reader, false))));
}

} // namespace

void require_owner(const catalog::Tview &tview) {
    if (!has_privs_of_role(GetUserId(), tview.owner))
        ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                errmsg("must be owner of TVIEW %s", tview.name),
                errhint("Its owner is role \"%s\".", GetUserNameFromId(tview.owner, false)));
}

void require_select(const definition::Shape &shape, Oid role) {
    for (const definition::Source *source : shape.sources) {
        Oid const schema = get_rel_namespace(source->relation);
        bool const usage = may_use_schema(role, schema);
        if (!usage || !may_read(role, source->relation, source->used))
            ereport(
                ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                usage ? errmsg("permission denied for table %s", get_rel_name(source->relation))
                      : errmsg("permission denied for schema %s", get_namespace_name(schema)),
                errdetail("The owner of a TVIEW must be allowed to read every table behind its definition, "
                          "because maintenance does."),
                usage ? errhint("GRANT SELECT ON %s TO %s.", pg::qualified_name(source->relation),
                                pg::quoted(GetUserNameFromId(role, false)))
                      : errhint("GRANT USAGE ON SCHEMA %s TO %s.", pg::quoted(get_namespace_name(schema)),
                                pg::quoted(GetUserNameFromId(role, false))));
    }
}

void warn_row_security(const definition::Shape &shape, Oid tview) {
    if (definition::has_policies(tview))
        return;
    for (Oid relation : shape.relations)
        if (definition::has_row_security(relation))
            warn(get_rel_name(relation), tview);
}

void after_security_change(const Node *statement) {
    Change const change = change_of(statement);
    if (!OidIsValid(change.relation))
        return;
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all())) {
        check(*tview, change);
        if (change.enables && list_member_oid(tview->dependencies, change.relation) &&
            !definition::has_policies(tview->table))
            warn(get_rel_name(change.relation), tview->table);
    }
}

} // namespace tviews::ddl
