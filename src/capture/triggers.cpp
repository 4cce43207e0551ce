// capture/triggers.cpp - puts capture's triggers on base tables and the guard on TVIEWs, and takes them away.
//
// tview_capture (AFTER ROW) stands on a partition root, which clones it to every partition, on each member of an
// inheritance tree, or on the table itself. There four triggers that capture by statement may stand in its place: their
// presence says that they are wanted, so that dumps keep it. tview_truncate (AFTER TRUNCATE) stands on every member, because
// TRUNCATE of a leaf fires no trigger of the root. Called by ddl/ only; runs with the bootstrap superuser's rights.
#include "capture/capture.hpp"

#include "catalog/audit.hpp"
#include "catalog/replay.hpp"
#include "catalog/triggers.hpp"
#include "dependency/program.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

#include <optional>

extern "C" {
#include "access/genam.h"
#include "catalog/dependency.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "parser/parse_func.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/json.h"
}

namespace tviews::capture {

namespace {

using catalog::guard_partition_trigger;
using catalog::guard_row_trigger;
using catalog::guard_trigger;
using catalog::row_trigger;
using catalog::truncate_trigger;

constexpr const char *capture_function = "pg_tviews_internal_capture";
constexpr const char *guard_function = "pg_tviews_internal_guard";

Oid internal_function(const char *name) {
    Oid const schema = catalog::extension_schema();
    if (!OidIsValid(schema))
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("extension \"pg_tviews\" does not exist"));
    List *const parts = list_make2(makeString(get_namespace_name(schema)), makeString(pstrdup(name)));
    return LookupFuncName(parts, 0, nullptr, false);
}

// What is to be known about a trigger of ours on a relation; `id` is InvalidOid when there is none.
struct Existing {
    Oid id = InvalidOid;
    Oid function = InvalidOid;
    char fires = '\0';         // TRIGGER_FIRES_..., TRIGGER_DISABLED
    bool cloned = false;       // made by the partition root's trigger
    List *arguments = nullptr; // of char *
};

// From pg_trigger itself: the relation need not be locked, nor exist any more.
Existing find_trigger(Oid relation, const char *name) {
    Existing found;
    Relation const triggers = table_open(TriggerRelationId, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(relation));
    ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
    SysScanDesc const scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, nullptr, 2, keys);
    if (HeapTuple const tuple = systable_getnext(scan); HeapTupleIsValid(tuple)) {
        auto const *const trigger = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(tuple));
        found.id = trigger->oid;
        found.function = trigger->tgfoid;
        found.fires = trigger->tgenabled;
        found.cloned = OidIsValid(trigger->tgparentid);
        bool is_null;
        const char *argument = VARDATA_ANY(DatumGetByteaPP(
            heap_getattr(tuple, Anum_pg_trigger_tgargs, RelationGetDescr(triggers), &is_null)));
        for (int i = 0; i < trigger->tgnargs; i++, argument += strlen(argument) + 1)
            found.arguments = lappend(found.arguments, pstrdup(argument));
    }
    systable_endscan(scan);
    table_close(triggers, AccessShareLock);
    return found;
}

Duty duty_of_function(Oid function) {
    return function == internal_function(guard_function)     ? Duty::guard
           : function == internal_function(capture_function) ? Duty::capture
                                                             : Duty::none;
}

bool same_arguments(const List *existing, const List *wanted) {
    bool same = list_length(existing) == list_length(wanted);
    for (int i = 0; same && i < list_length(wanted); i++)
        same = strcmp(static_cast<char *>(list_nth(existing, i)), strVal(list_nth(wanted, i))) == 0;
    return same;
}

List *transition_table(const char *name, bool is_new) {
    auto *table = makeNode(TriggerTransition);
    table->name = pstrdup(name);
    table->isNew = is_new;
    table->isTable = true;
    return list_make1(table);
}

void create(Oid relation, const char *name, const char *function, int16 timing, int16 events, bool per_row,
            List *arguments = NIL, List *transitions = NIL) {
    auto *statement = makeNode(CreateTrigStmt);
    statement->replace = true;
    statement->trigname = pstrdup(name);
    statement->row = per_row;
    statement->timing = timing;
    statement->events = events;
    statement->args = arguments;
    statement->columns = NIL;
    statement->transitionRels = transitions;
    (void) CreateTrigger(statement, nullptr, relation, InvalidOid, InvalidOid, InvalidOid,
                         internal_function(function), InvalidOid, nullptr, false, false);
    CommandCounterIncrement();
}

void drop(Oid trigger) {
    ObjectAddress address;
    ObjectAddressSet(address, TriggerRelationId, trigger);
    performDeletion(&address, DROP_RESTRICT, 0);
    CommandCounterIncrement();
}

// Returns whether there was one.
bool drop_by_name(Oid relation, const char *name) {
    Existing const existing = find_trigger(relation, name);
    if (!OidIsValid(existing.id) || existing.cloned)
        return false;
    drop(existing.id);
    return true;
}

// Names of triggers that have come or gone, each once, for the audit log. Not to be written under another role.
class Changed {
  public:
    void add(const char *trigger) {
        for (const char *other : pg::each<const char>(triggers_))
            if (strcmp(other, trigger) == 0)
                return;
        triggers_ = lappend(triggers_, const_cast<char *>(trigger));
    }
    int count() const noexcept { return list_length(triggers_); }
    void record(const char *operation, Oid relation, List *entities) const {
        if (triggers_ == NIL)
            return;
        StringInfoData details;
        initStringInfo(&details);
        appendStringInfoString(&details, "{\"table\":");
        escape_json(&details, pg::qualified_name(relation));
        const char *separator = ",\"triggers\":[";
        for (const char *trigger : pg::each<const char>(triggers_)) {
            appendStringInfoString(&details, separator);
            escape_json(&details, trigger);
            separator = ",";
        }
        appendStringInfoString(&details, "]}");
        for (const char *entity : pg::each<const char>(entities))
            catalog::audit(operation, entity, details.data);
    }

  private:
    List *triggers_ = NIL;
};

// Only from one to the other: a trigger that is disabled is for the health check to see.
void let_fire(Oid relation, const char *name, bool always) {
    Existing const existing = find_trigger(relation, name);
    char const now = always ? TRIGGER_FIRES_ON_ORIGIN : TRIGGER_FIRES_ALWAYS;
    if (!OidIsValid(existing.id) || existing.fires != now)
        return;
    pg::OpenRelation const table(relation, ShareRowExclusiveLock);
    pg::set_trigger_firing(table.get(), name, always ? TRIGGER_FIRES_ALWAYS : TRIGGER_FIRES_ON_ORIGIN);
    CommandCounterIncrement();
}

// May a trigger of the relation be dropped now? Not while the transaction is using it or has trigger events for it.
bool in_use(Oid relation) {
    pg::OpenRelation const table(relation, NoLock);
    return table->rd_refcnt > 1 || AfterTriggerPendingOnRel(relation);
}

void create_row_trigger(Oid relation, Changed &came) {
    if (OidIsValid(find_trigger(relation, row_trigger).id))
        return;
    create(relation, row_trigger, capture_function, TRIGGER_TYPE_AFTER,
           TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE, true);
    came.add(row_trigger);
}

void create_statement_triggers(Oid relation, Changed &came) {
    for (const catalog::StatementTrigger &trigger : catalog::statement_triggers) {
        if (OidIsValid(find_trigger(relation, trigger.name).id))
            continue;
        List *transitions = trigger.old_rows ? transition_table("tview_old", false) : NIL;
        if (trigger.new_rows)
            transitions = list_concat(transitions, transition_table("tview_new", true));
        create(relation, trigger.name, capture_function, trigger.timing, trigger.events, false, NIL,
               transitions);
        came.add(trigger.name);
    }
}

void drop_own(Oid relation, const char *name, Changed &gone) {
    if (duty_of(relation, name) == Duty::capture && drop_by_name(relation, name))
        gone.add(name);
}

void drop_statement_triggers(Oid relation, Changed &gone) {
    for (const catalog::StatementTrigger &trigger : catalog::statement_triggers)
        drop_own(relation, trigger.name, gone);
}

// Statement triggers stay where there are some, unless something is against it. What is not needed any more but in use
// stays too: captured twice is captured as well.
void install_capture(Oid relation, Changed &came, Changed &gone) {
    bool const has_some = catalog::captured_by_statement(relation);
    const char *const against = has_some ? dependency::needs_row_triggers(relation) : nullptr;
    if (has_some && against == nullptr) {
        create_statement_triggers(relation, came);
        if (!in_use(relation))
            drop_own(relation, row_trigger, gone);
        return;
    }
    create_row_trigger(relation, came);
    if (!has_some)
        return;
    ereport(NOTICE,
            errmsg("changes of table \"%s\" are captured row by row from now on", get_rel_name(relation)),
            errdetail("%s.", against));
    if (!in_use(relation))
        drop_statement_triggers(relation, gone);
}

void refuse_foreign_trigger(Oid relation, const char *name) {
    if (OidIsValid(find_trigger(relation, name).id) && duty_of(relation, name) != Duty::capture)
        ereport(ERROR, errcode(errors::object_in_the_way),
                errmsg("trigger \"%s\" on table \"%s\" is not a trigger of pg_tviews", name,
                       get_rel_name(relation)),
                errhint("Rename or drop it; pg_tviews needs the name."));
}

List *partitions_of(Oid tview) {
    if (get_rel_relkind(tview) != RELKIND_PARTITIONED_TABLE)
        return NIL;
    return list_delete_oid(find_all_inheritors(tview, ShareRowExclusiveLock, nullptr), tview);
}

void refuse_member(Oid member, Oid parent) {
    if (get_rel_relkind(member) == RELKIND_FOREIGN_TABLE)
        ereport(ERROR, errcode(errors::definition_protected),
                errmsg("foreign table \"%s\" cannot be a part of a table that a TVIEW reads",
                       get_rel_name(member)),
                errdetail("Changes on the other server fire no triggers here."),
                errhint("Copy its rows into a local table, or let the definition read other parts only."));
    if (get_rel_persistence(member) == RELPERSISTENCE_TEMP)
        ereport(ERROR, errcode(errors::definition_protected),
                errmsg("temporary table \"%s\" cannot inherit from a table that a TVIEW reads",
                       get_rel_name(member)),
                errdetail("Its rows count as rows of table \"%s\", but for one session only.",
                          get_rel_name(parent)),
                errhint("Use a permanent table."));
}

} // namespace

void install_triggers(Oid relation) {
    if (get_rel_relkind(relation) == RELKIND_MATVIEW)
        return; // cannot have any; see schema_changes
    Changed changed;
    Changed gone;
    std::optional<pg::SecurityScope> role(std::in_place, BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    bool const partitioned = get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE;
    LockRelationOid(relation, ShareRowExclusiveLock);
    List *const members = find_all_inheritors(relation, ShareRowExclusiveLock, nullptr);

    // A leaf that a definition names directly may have a trigger of its own, in the way of the root's clone.
    if (partitioned && !OidIsValid(find_trigger(relation, row_trigger).id))
        pg::each_oid(members, [](Oid member) { (void) drop_by_name(member, row_trigger); });

    pg::each_oid(members, [&](Oid member) {
        refuse_member(member, relation);
        bool const wants_row = !partitioned || member == relation;
        if (wants_row)
            install_capture(member, changed, gone);
        else if (!in_use(member)) // it was a table of its own
            drop_statement_triggers(member, gone);
        if (!OidIsValid(find_trigger(member, truncate_trigger).id)) {
            create(member, truncate_trigger, capture_function, TRIGGER_TYPE_AFTER, TRIGGER_TYPE_TRUNCATE,
                   false);
            changed.add(truncate_trigger);
        }
        // Not the reverse: a dump may say so before it has the TVIEW.
        if (dependency::feeds_replica_maintenance(member)) {
            let_fire(member, row_trigger, true);
            let_fire(member, truncate_trigger, true);
        }
    });
    role.reset();
    changed.record("INSTALL TRIGGERS", relation, dependency::reader_names(relation));
    gone.record("REMOVE TRIGGERS", relation, dependency::reader_names(relation));
}

void let_fire_locally(Oid relation) {
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    LockRelationOid(relation, ShareRowExclusiveLock);
    pg::each_oid(find_all_inheritors(relation, ShareRowExclusiveLock, nullptr), [](Oid member) {
        if (dependency::feeds_replica_maintenance(member))
            return;
        let_fire(member, row_trigger, false);
        let_fire(member, truncate_trigger, false);
    });
}

void remove_unused_triggers(Oid relation, List *readers) {
    if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)) || dependency::is_read(relation))
        return;
    Changed changed;
    std::optional<pg::SecurityScope> role(std::in_place, BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    LockRelationOid(relation, AccessExclusiveLock);
    List *const members = find_all_inheritors(relation, AccessExclusiveLock, nullptr);
    pg::each_oid(members, [&](Oid member) {
        // A member that another definition names directly, or through another root, keeps its triggers. One in use
        // keeps them too: without a reader they return at once, and the next removal takes them away.
        if (dependency::is_read(member) || in_use(member))
            return;
        for (const char *trigger : {row_trigger, truncate_trigger})
            if (drop_by_name(member, trigger))
                changed.add(trigger);
        drop_statement_triggers(member, changed);
    });
    role.reset();
    changed.record("REMOVE TRIGGERS", relation, readers);
    // Members whose clone just went with the root's trigger, but which are read directly.
    pg::each_oid(members, [&](Oid member) {
        if (member != relation && catalog::dependents_of(member) != NIL)
            install_triggers(member);
    });
}

namespace {

struct Exchanged {
    Changed came;
    Changed gone;
};

// Runs swap(came, gone) on a table that nobody else uses, and records what it did.
template <typename F> Exchanged exchange_triggers(Oid relation, F &&swap) {
    Exchanged result;
    {
        pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
        pg::OpenRelation const table(relation, AccessExclusiveLock);
        CheckTableNotInUse(table.get(), "ALTER TABLE");
        swap(result.came, result.gone);
    }
    List *const readers = dependency::reader_names(relation);
    result.came.record("INSTALL TRIGGERS", relation, readers);
    result.gone.record("REMOVE TRIGGERS", relation, readers);
    return result;
}

} // namespace

int install_statement_triggers(Oid relation) {
    return exchange_triggers(relation,
                             [&](Changed &came, Changed &gone) {
                                 for (const catalog::StatementTrigger &trigger : catalog::statement_triggers)
                                     refuse_foreign_trigger(relation, trigger.name);
                                 create_statement_triggers(relation, came);
                                 drop_own(relation, row_trigger, gone);
                             })
        .came.count();
}

int remove_statement_triggers(Oid relation) {
    return exchange_triggers(relation,
                             [&](Changed &came, Changed &gone) {
                                 refuse_foreign_trigger(relation, row_trigger);
                                 drop_statement_triggers(relation, gone);
                                 if (dependency::is_read(relation))
                                     create_row_trigger(relation, came);
                             })
        .gone.count();
}

void make_room_for_clones(Oid parent, Oid member) {
    LockRelationOid(parent, AccessShareLock);
    if (!OidIsValid(find_trigger(parent, row_trigger).id))
        return;
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    LockRelationOid(member, AccessExclusiveLock);
    pg::each_oid(find_all_inheritors(member, AccessExclusiveLock, nullptr),
                 [](Oid part) { (void) drop_by_name(part, row_trigger); });
}

void install_guard(Oid tview) {
    constexpr int16 rows = TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE;
    const catalog::MetaRow *const row = catalog::meta_row(tview);
    if (row == nullptr)
        elog(ERROR, "relation with OID %u is not a TVIEW", tview);
    Changed changed;
    std::optional<pg::SecurityScope> role(std::in_place, BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    List *const arguments = catalog::portable(*row);
    bool const always = catalog::replica_maintained(tview);
    Existing const guard = find_trigger(tview, guard_trigger);
    if (!OidIsValid(guard.id) || !same_arguments(guard.arguments, arguments)) {
        create(tview, guard_trigger, guard_function, TRIGGER_TYPE_BEFORE, rows | TRIGGER_TYPE_TRUNCATE, false,
               arguments);
        changed.add(guard_trigger);
    }
    if (!OidIsValid(find_trigger(tview, guard_row_trigger).id)) {
        create(tview, guard_row_trigger, guard_function, TRIGGER_TYPE_BEFORE, rows, true);
        changed.add(guard_row_trigger);
    }
    pg::each_oid(partitions_of(tview), [&](Oid partition) { // statements on them do not fire those above
        if (OidIsValid(find_trigger(partition, guard_partition_trigger).id))
            return;
        create(partition, guard_partition_trigger, guard_function, TRIGGER_TYPE_BEFORE,
               rows | TRIGGER_TYPE_TRUNCATE, false);
        changed.add(guard_partition_trigger);
    });
    if (always)
        set_replica_maintained(tview, true);
    role.reset();
    changed.record("INSTALL TRIGGERS", tview, list_make1(const_cast<char *>(row->entity)));
}

void remove_partition_guard(Oid table) {
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    (void) drop_by_name(table, guard_partition_trigger);
}

void set_replica_maintained(Oid tview, bool enabled) {
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    LockRelationOid(tview, ShareRowExclusiveLock);
    let_fire(tview, guard_trigger, enabled);
    let_fire(tview, guard_row_trigger, enabled);
    pg::each_oid(partitions_of(tview), [&](Oid partition) {
        let_fire(partition, guard_partition_trigger, enabled);
        let_fire(partition, guard_row_trigger, enabled);
    });
}

bool guarded(Oid table, catalog::MetaRow *row) {
    Existing const guard = find_trigger(table, guard_trigger);
    if (!OidIsValid(guard.id) || guard.function != internal_function(guard_function))
        return false;
    if (row == nullptr)
        return true;
    pg::vector<char *> arguments;
    for (char *argument : pg::each<char>(guard.arguments))
        arguments.push_back(argument);
    return catalog::read_portable(static_cast<int>(arguments.size()), arguments.data(), *row);
}

List *guarded_tables() {
    Oid const function = internal_function(guard_function);
    List *tables = NIL;
    Relation const triggers = table_open(TriggerRelationId, AccessShareLock);
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], Anum_pg_trigger_tgfoid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(function));
    ScanKeyInit(&keys[1], Anum_pg_trigger_tgname, BTEqualStrategyNumber, F_NAMEEQ,
                CStringGetDatum(guard_trigger)); // partitions have others
    SysScanDesc const scan = systable_beginscan(triggers, InvalidOid, false, nullptr, 2, keys);
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));)
        tables = list_append_unique_oid(tables, reinterpret_cast<Form_pg_trigger>(GETSTRUCT(tuple))->tgrelid);
    systable_endscan(scan);
    table_close(triggers, AccessShareLock);
    return tables;
}

bool captured(Oid relation) {
    if (get_rel_relkind(relation) == RELKIND_MATVIEW || OidIsValid(find_trigger(relation, row_trigger).id))
        return true;
    bool result = true;
    for (const catalog::StatementTrigger &trigger : catalog::statement_triggers)
        result = result && OidIsValid(find_trigger(relation, trigger.name).id);
    return result;
}

Duty duty_of(Oid relation, const char *trigger) {
    Existing const existing = find_trigger(relation, trigger);
    return OidIsValid(existing.id) && !existing.cloned ? duty_of_function(existing.function) : Duty::none;
}

Duty duty_of(const CreateTrigStmt *statement) {
    Oid const function = LookupFuncName(statement->funcname, 0, nullptr, true);
    return OidIsValid(function) ? duty_of_function(function) : Duty::none;
}

} // namespace tviews::capture
