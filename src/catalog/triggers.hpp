// catalog/triggers.hpp - the triggers of pg_tviews as pg_trigger has them: do they do their work?
#pragma once

#include "pg/memory.hpp"

extern "C" {
#include "catalog/pg_trigger.h"
}

namespace tviews::catalog {

constexpr const char *row_trigger = "tview_capture";
constexpr const char *truncate_trigger = "tview_truncate";
constexpr const char *guard_trigger = "tview_guard";
constexpr const char *guard_row_trigger = "tview_guard_row";
constexpr const char *guard_partition_trigger = "tview_guard_partition";

// Capture by statement: one that is there before the first row has changed, and those that get the rows.
struct StatementTrigger {
    const char *name;
    int16 timing;
    int16 events;
    bool old_rows;
    bool new_rows;
};
constexpr StatementTrigger statement_triggers[] = {
    {"tview_begin_stmt_trig", TRIGGER_TYPE_BEFORE,
     TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE, false, false},
    {"tview_insert_stmt_trig", TRIGGER_TYPE_AFTER, TRIGGER_TYPE_INSERT, false, true},
    {"tview_update_stmt_trig", TRIGGER_TYPE_AFTER, TRIGGER_TYPE_UPDATE, true, true},
    {"tview_delete_stmt_trig", TRIGGER_TYPE_AFTER, TRIGGER_TYPE_DELETE, true, false}};

enum class Defect {
    missing,
    disabled, // or enabled for replicas only
    altered,  // does not fire for every change
    local,    // does not fire for replicated changes, but should
    replaced, // a trigger of the name calls another function
    renamed   // works, but is not found by name
};

struct TriggerDefect {
    Defect defect;
    const char *expected; // name of the trigger that should be there
    const char *found;    // of the one that is; nullptr when there is none
    bool clone;           // it was made by the trigger of the partitioned table above
};

// What is wrong with capture of one relation that a TVIEW reads, directly or as a part of a tree.
// `replicated`: must it see replicated changes?
pg::vector<TriggerDefect> capture_defects(Oid relation, bool replicated);
// What is wrong with the trigger of a TVIEW, or of one of its partitions, that refuses direct writes.
pg::vector<TriggerDefect> guard_defects(Oid tview);
pg::vector<TriggerDefect> partition_guard_defects(Oid tview, Oid partition);

// Is the TVIEW maintained when its base tables are changed by logical replication (pg_tviews_set_replica_maintenance)?
// Its guards are ENABLE ALWAYS then; there is no other note of it, so that dumps bring it back.
bool replica_maintained(Oid tview);

// "is missing", "is disabled", ...
const char *describe(Defect defect);

// Relations with a trigger that calls a function of capture. List of Oid.
List *captured_relations();
// The names of a relation's triggers that call functions of pg_tviews, partitions' clones left out. List of char *.
List *own_triggers(Oid relation);
// Those that fire now, clones included.
struct LiveTrigger {
    const char *name;
    bool always;
};
pg::vector<LiveTrigger> live_triggers(Oid relation);

// Is there a trigger that captures statements of the relation?
bool captured_by_statement(Oid relation);
// Has somebody put an AFTER trigger for INSERT, UPDATE or DELETE on the relation, other than pg_tviews and constraints?
bool has_after_triggers(Oid relation);

} // namespace tviews::catalog
