// catalog/triggers.cpp - see triggers.hpp.
//
// Reads pg_trigger only, without locks on the tables, so that a look costs next to nothing and waits for nobody. Which
// trigger is ours is told by its function; names tell what users may have put in place of one.
#include "catalog/triggers.hpp"

#include "catalog/catalog.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "commands/trigger.h"
#include "parser/parse_func.h"
#include "utils/fmgroids.h"
}

namespace tviews::catalog {

namespace {

constexpr int16 every_row = TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE;

struct Trigger {
    Oid relation;
    const char *name;
    Oid function;
    int16 type;
    bool enabled;
    bool always; // also for replicated changes
    bool clone;
    bool conditional; // WHEN, UPDATE OF
    bool internal;    // of a constraint
    bool old_rows;    // transition tables
    bool new_rows;

    bool transition() const noexcept { return old_rows || new_rows; }
};

Oid function_named(const char *name) {
    Oid const schema = extension_schema();
    if (!OidIsValid(schema))
        return InvalidOid;
    List *const parts = list_make2(makeString(get_namespace_name(schema)), makeString(pstrdup(name)));
    return LookupFuncName(parts, 0, nullptr, true);
}

Trigger read(HeapTuple tuple, TupleDesc descriptor) {
    auto const *const form = reinterpret_cast<Form_pg_trigger>(GETSTRUCT(tuple));
    bool no_condition;
    bool no_old_rows;
    bool no_new_rows;
    (void) heap_getattr(tuple, Anum_pg_trigger_tgqual, descriptor, &no_condition);
    (void) heap_getattr(tuple, Anum_pg_trigger_tgoldtable, descriptor, &no_old_rows);
    (void) heap_getattr(tuple, Anum_pg_trigger_tgnewtable, descriptor, &no_new_rows);
    Trigger trigger{};
    trigger.relation = form->tgrelid;
    trigger.name = pstrdup(NameStr(form->tgname));
    trigger.function = form->tgfoid;
    trigger.type = form->tgtype;
    trigger.enabled = form->tgenabled == TRIGGER_FIRES_ON_ORIGIN || form->tgenabled == TRIGGER_FIRES_ALWAYS;
    trigger.always = form->tgenabled == TRIGGER_FIRES_ALWAYS;
    trigger.clone = OidIsValid(form->tgparentid);
    trigger.conditional = !no_condition || form->tgattr.dim1 > 0;
    trigger.internal = form->tgisinternal;
    trigger.old_rows = !no_old_rows;
    trigger.new_rows = !no_new_rows;
    return trigger;
}

// relation InvalidOid: of the whole database.
pg::vector<Trigger> triggers_of(Oid relation) {
    pg::vector<Trigger> result;
    Relation const triggers = table_open(TriggerRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    SysScanDesc const scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, nullptr,
                                                OidIsValid(relation) ? 1 : 0, &key);
    while (HeapTuple const tuple = systable_getnext(scan))
        result.push_back(read(tuple, RelationGetDescr(triggers)));
    systable_endscan(scan);
    table_close(triggers, AccessShareLock);
    return result;
}

// A trigger that has to be there.
struct Duty {
    const char *name;
    Oid function;
    int16 type;
    bool always;
    bool old_rows = false;
    bool new_rows = false;
};

bool serves(const Trigger &trigger, const Duty &duty) {
    int16 const timing = TRIGGER_TYPE_ROW | TRIGGER_TYPE_TIMING_MASK;
    bool const truncates = (duty.type & TRIGGER_TYPE_TRUNCATE) != 0;
    return trigger.function == duty.function && trigger.old_rows == duty.old_rows &&
           trigger.new_rows == duty.new_rows && (trigger.type & timing) == (duty.type & timing) &&
           ((trigger.type & TRIGGER_TYPE_TRUNCATE) != 0) == truncates;
}

void look_for(const Duty &duty, const pg::vector<Trigger> &triggers, pg::vector<TriggerDefect> &defects) {
    TriggerDefect worst{Defect::missing, duty.name, nullptr, false};
    for (const Trigger &trigger : triggers) {
        bool const named = strcmp(trigger.name, duty.name) == 0;
        if (!serves(trigger, duty)) {
            if (named && worst.defect == Defect::missing)
                worst = {Defect::replaced, duty.name, trigger.name, trigger.clone};
            continue;
        }
        if (!trigger.enabled)
            worst = {Defect::disabled, duty.name, trigger.name, trigger.clone};
        else if (trigger.conditional || (trigger.type & duty.type) != duty.type)
            worst = {Defect::altered, duty.name, trigger.name, trigger.clone};
        else if (duty.always && !trigger.always)
            worst = {Defect::local, duty.name, trigger.name, trigger.clone};
        else if (named)
            return;
        else
            worst = {Defect::renamed, duty.name, trigger.name, trigger.clone};
        if (worst.defect == Defect::renamed)
            break;
    }
    defects.push_back(worst);
}

bool captures_statements(const pg::vector<Trigger> &triggers, Oid function) {
    for (const Trigger &trigger : triggers)
        if (trigger.transition() && OidIsValid(function) && trigger.function == function)
            return true;
    return false;
}

} // namespace

pg::vector<TriggerDefect> capture_defects(Oid relation, bool replicated) {
    pg::vector<TriggerDefect> defects;
    char const kind = get_rel_relkind(relation);
    if (kind == RELKIND_MATVIEW)
        return defects; // cannot have triggers
    pg::vector<Trigger> const triggers = triggers_of(relation);
    Oid const function = function_named("pg_tviews_internal_capture");
    pg::vector<TriggerDefect> of_rows;
    look_for({row_trigger, function, TRIGGER_TYPE_ROW | TRIGGER_TYPE_AFTER | every_row, replicated}, triggers,
             of_rows);
    bool const by_statement = captures_statements(triggers, function) && !replicated;
    if (by_statement && !of_rows.empty() && of_rows.front().defect == Defect::missing)
        for (const StatementTrigger &trigger : statement_triggers)
            look_for({trigger.name, function, static_cast<int16>(trigger.timing | trigger.events), false,
                      trigger.old_rows, trigger.new_rows},
                     triggers, defects);
    else
        defects.insert(defects.end(), of_rows.begin(), of_rows.end());
    if (kind != RELKIND_FOREIGN_TABLE)
        look_for({truncate_trigger, function, TRIGGER_TYPE_AFTER | TRIGGER_TYPE_TRUNCATE, replicated},
                 triggers, defects);
    return defects;
}

pg::vector<TriggerDefect> guard_defects(Oid tview) {
    pg::vector<TriggerDefect> defects;
    look_for({guard_trigger, function_named("pg_tviews_internal_guard"),
              TRIGGER_TYPE_BEFORE | every_row | TRIGGER_TYPE_TRUNCATE, replica_maintained(tview)},
             triggers_of(tview), defects);
    return defects;
}

pg::vector<TriggerDefect> partition_guard_defects(Oid tview, Oid partition) {
    pg::vector<TriggerDefect> defects;
    look_for({guard_partition_trigger, function_named("pg_tviews_internal_guard"),
              TRIGGER_TYPE_BEFORE | every_row | TRIGGER_TYPE_TRUNCATE, replica_maintained(tview)},
             triggers_of(partition), defects);
    return defects;
}

bool replica_maintained(Oid tview) {
    Oid const guard = function_named("pg_tviews_internal_guard");
    bool always = false;
    for (const Trigger &trigger : triggers_of(tview))
        always = always || (trigger.always && OidIsValid(guard) && trigger.function == guard);
    return always;
}

const char *describe(Defect defect) {
    switch (defect) {
    case Defect::missing:
        return "is missing";
    case Defect::disabled:
        return "is disabled";
    case Defect::altered:
        return "does not fire for every change";
    case Defect::local:
        return "does not fire for replicated changes";
    case Defect::replaced:
        return "is not a trigger of pg_tviews";
    case Defect::renamed:
        return "has another name";
    }
    pg_unreachable();
}

List *captured_relations() {
    Oid const function = function_named("pg_tviews_internal_capture");
    List *relations = NIL;
    for (const Trigger &trigger : triggers_of(InvalidOid))
        if (OidIsValid(function) && trigger.function == function)
            relations = list_append_unique_oid(relations, trigger.relation);
    return relations;
}

List *own_triggers(Oid relation) {
    Oid const capture = function_named("pg_tviews_internal_capture");
    Oid const guard = function_named("pg_tviews_internal_guard");
    List *names = NIL;
    for (const Trigger &trigger : triggers_of(relation))
        if (!trigger.clone && (trigger.function == capture || trigger.function == guard))
            names = lappend(names, const_cast<char *>(trigger.name));
    return names;
}

pg::vector<LiveTrigger> live_triggers(Oid relation) {
    Oid const capture = function_named("pg_tviews_internal_capture");
    Oid const guard = function_named("pg_tviews_internal_guard");
    pg::vector<LiveTrigger> live;
    for (const Trigger &trigger : triggers_of(relation))
        if (trigger.enabled && (trigger.function == capture || trigger.function == guard))
            live.push_back({trigger.name, trigger.always});
    return live;
}

bool captured_by_statement(Oid relation) {
    return captures_statements(triggers_of(relation), function_named("pg_tviews_internal_capture"));
}

bool has_after_triggers(Oid relation) {
    Oid const function = function_named("pg_tviews_internal_capture");
    for (const Trigger &trigger : triggers_of(relation))
        if (!trigger.internal && trigger.function != function && TRIGGER_FOR_AFTER(trigger.type) &&
            (trigger.type & every_row) != 0)
            return true;
    return false;
}

} // namespace tviews::catalog
