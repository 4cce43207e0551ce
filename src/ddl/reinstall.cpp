// ddl/reinstall.cpp - see reinstall.hpp.
//
// What is wrong is said by catalog/triggers. What can be put right in place is; anything else of ours is dropped and
// made again by capture. A trigger of the user's that has the name of one of ours is his: that is an error. The sources
// are locked against writers from before the repair until after the refresh.
#include "ddl/reinstall.hpp"

#include "capture/capture.hpp"
#include "catalog/audit.hpp"
#include "catalog/catalog.hpp"
#include "catalog/triggers.hpp"
#include "ddl/cascade.hpp"
#include "ddl/rights.hpp"
#include "ddl/sources.hpp"
#include "ddl/state.hpp"
#include "ddl/statement.hpp"
#include "dependency/dependency.hpp"
#include "errors/errors.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"
#include "refresh/refresh.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
#include "commands/trigger.h"
#include "utils/acl.h"
}

namespace tviews::ddl {

namespace {

using catalog::Defect;
using catalog::TriggerDefect;

// Leaves what is missing to the caller.
void repair(Oid table, const TriggerDefect &defect) {
    const char *const name = pg::qualified_name(table);
    switch (defect.defect) {
    case Defect::missing:
    case Defect::local:
        break;
    case Defect::disabled:
        run_as_superuser(psprintf("ALTER TABLE ONLY %s ENABLE TRIGGER %s", name, pg::quoted(defect.found)));
        break;
    case Defect::renamed:
    case Defect::altered:
        if (!defect.clone) // goes with the one it was made by
            run_as_superuser(psprintf("DROP TRIGGER %s ON %s", pg::quoted(defect.found), name));
        break;
    case Defect::replaced:
        ereport(ERROR, errcode(errors::object_in_the_way),
                errmsg("trigger \"%s\" on table \"%s\" is not a trigger of pg_tviews", defect.found,
                       get_rel_name(table)),
                errhint("Rename or drop it; pg_tviews needs the name."));
    }
}

// The TVIEWs that may have missed changes, with their depth: everything that reads a repaired table in some way.
using Missed = pg::vector<std::pair<int, Oid>>;

void readers_missed(Oid member, Missed &missed) {
    pg::each_oid(dependency::ancestors_and_self(member), [&](Oid above) {
        for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::dependents_of(above))) {
            std::pair<int, Oid> const reader(cascade_depth(tview->table), tview->table);
            if (std::find(missed.begin(), missed.end(), reader) == missed.end())
                missed.push_back(reader);
        }
    });
}

// Has the table statement triggers that it must not have, or a row trigger beside them?
bool wrongly_by_statement(Oid member) {
    return catalog::captured_by_statement(member) &&
           (dependency::needs_row_triggers(member) != nullptr ||
            OidIsValid(get_trigger_oid(member, catalog::row_trigger, true)));
}

// Returns the number of defects.
int repair_source(Oid source, Missed &missed) {
    int count = 0;
    pg::each_oid(find_all_inheritors(source, ShareRowExclusiveLock, nullptr), [&](Oid member) {
        for (const TriggerDefect &defect :
             catalog::capture_defects(member, dependency::feeds_replica_maintenance(member))) {
            repair(member, defect);
            count++;
            if (defect.defect != Defect::renamed)
                readers_missed(member, missed);
        }
        count += wrongly_by_statement(member); // nothing was missed
    });
    if (count > 0)
        capture::install_triggers(source);
    return count;
}

int repair_tview(Oid table, Missed &missed) {
    const catalog::Tview *const tview = catalog::find_by_table(table);
    if (tview == nullptr)
        return 0;
    const char *const entity = pstrdup(tview->entity);
    pg::vector<Oid> sources;
    pg::each_oid(tview->dependencies, [&](Oid source) { sources.push_back(source); });
    std::sort(sources.begin(), sources.end());
    lock_sources(sources);
    int count = 0;
    for (Oid source : sources)
        count += repair_source(source, missed);
    pg::vector<TriggerDefect> const guard = catalog::guard_defects(table);
    for (const TriggerDefect &defect : guard)
        repair(table, defect);
    count += static_cast<int>(guard.size());
    if (get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
        pg::each_oid(find_all_inheritors(table, ShareRowExclusiveLock, nullptr), [&](Oid partition) {
            if (partition == table)
                return;
            for (const TriggerDefect &defect : catalog::partition_guard_defects(table, partition)) {
                repair(partition, defect);
                count++;
            }
        });
    capture::install_guard(table);
    if (count > 0)
        catalog::audit("REINSTALL TRIGGERS", entity, psprintf("{\"triggers\": %d}", count));
    return count;
}

int drop_orphans() {
    int count = 0;
    pg::each_oid(catalog::captured_relations(), [&](Oid relation) {
        bool read = false;
        pg::each_oid(dependency::ancestors_and_self(relation),
                     [&](Oid above) { read = read || catalog::dependents_of(above) != NIL; });
        if (read || !pg::owned_by_user(relation))
            return;
        for (const char *trigger : pg::each<const char>(catalog::own_triggers(relation))) {
            run_as_superuser(
                psprintf("DROP TRIGGER %s ON %s", pg::quoted(trigger), pg::qualified_name(relation)));
            count++;
        }
    });
    return count;
}

} // namespace

int reinstall_triggers(const char *name) {
    OwnStatements const own;
    Missed missed;
    int count = 0;
    if (name != nullptr) {
        const catalog::Tview *const tview = catalog::resolve(name);
        require_owner(*tview);
        count = repair_tview(tview->table, missed);
    } else {
        List *tables = NIL;
        for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all()))
            if (has_privs_of_role(GetUserId(), tview->owner))
                tables = lappend_oid(tables, tview->table);
        pg::each_oid(tables, [&](Oid table) { count += repair_tview(table, missed); });
        count += drop_orphans();
    }
    std::sort(missed.begin(), missed.end());
    for (auto const &[depth, table] : missed)
        (void) refresh::full_refresh(table);
    return count;
}

} // namespace tviews::ddl
