// ddl/statement_triggers.cpp - see statement_triggers.hpp.
#include "ddl/statement_triggers.hpp"

#include "capture/capture.hpp"
#include "catalog/triggers.hpp"
#include "dependency/dependency.hpp"
#include "pg/list.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "storage/lmgr.h"
}

namespace tviews::ddl {

namespace {

// In the order of their OIDs, as everybody locks them.
List *sources() {
    List *result = NIL;
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all()))
        result = list_concat_unique_oid(result, tview->dependencies);
    list_sort(result, list_oid_cmp);
    return result;
}

// False when the table is gone.
bool lock(Oid table) {
    LockRelationOid(table, AccessExclusiveLock);
    return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table));
}

int install(Oid table) {
    if (catalog::find_by_table(table) != nullptr || get_rel_relkind(table) == RELKIND_MATVIEW)
        return 0;
    const char *against = dependency::needs_row_triggers(table);
    if (against == nullptr && !lock(table))
        return 0;
    if (against == nullptr) // something may have come in while this waited
        against = dependency::needs_row_triggers(table);
    if (against == nullptr)
        return capture::install_statement_triggers(table);
    ereport(NOTICE, errmsg("changes of table \"%s\" stay captured row by row", get_rel_name(table)),
            errdetail("%s.", against));
    return 0;
}

} // namespace

int install_statement_triggers() {
    int count = 0;
    pg::each_oid(sources(), [&](Oid table) {
        if (pg::owned_by_user(table))
            count += install(table);
    });
    return count;
}

int uninstall_statement_triggers() {
    int count = 0;
    List *const tables = catalog::captured_relations();
    list_sort(tables, list_oid_cmp);
    pg::each_oid(tables, [&](Oid table) {
        if (pg::owned_by_user(table) && catalog::captured_by_statement(table) && lock(table))
            count += capture::remove_statement_triggers(table);
    });
    return count;
}

} // namespace tviews::ddl
