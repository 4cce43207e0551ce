// capture/capture.hpp - triggers on base tables: which exist, and what they call.
#pragma once

#include "catalog/meta.hpp"

namespace tviews::capture {

// Makes sure `relation` (base table, partition root, every member of an inheritance tree) has the row and TRUNCATE
// triggers of capture. A table that has statement triggers keeps them, as long as they see every change. Runs with the
// bootstrap superuser's rights: the caller has checked the user's. Those it makes are in the audit log.
void install_triggers(Oid relation);

// Drops the triggers of `relation`, and of the members of its tree, that no TVIEW reads any more, directly or through a
// table above. `readers` (entities): of whom the audit log is to say that they have gone.
void remove_unused_triggers(Oid relation, List *readers);

// Exchanges the row trigger of a table, for which dependency::needs_row_triggers() has no reason, for statement triggers,
// or these for a row trigger, if a TVIEW reads the table. Both return how many statement triggers came or went, and write
// the audit log. Nobody may be using the table.
int install_statement_triggers(Oid relation);
int remove_statement_triggers(Oid relation);

// Before `member` becomes a partition of `parent`: drops row triggers that would be in the way of clones of the parent's.
void make_room_for_clones(Oid parent, Oid member);

// Takes ENABLE ALWAYS from the triggers of the relation and its members where no TVIEW needs it any more.
void let_fire_locally(Oid relation);

// Puts the triggers that refuse direct writes on a TVIEW's table and its partitions, or brings their arguments up to date.
void install_guard(Oid tview);
// Takes them from a table that is no partition any more.
void remove_partition_guard(Oid table);
// Makes these fire for replicated changes too, which is what says that the TVIEW is maintained on them; or not any more.
void set_replica_maintained(Oid tview, bool enabled);

// Has the table a guard? Its arguments go into `row`, if there is one; false when they cannot be read.
bool guarded(Oid table, catalog::MetaRow *row = nullptr);
// Every table with a guard. List of Oid.
List *guarded_tables();
// Has the relation the row trigger of capture, if it can have one, or all of those for statements?
bool captured(Oid relation);
// What the relation's trigger of that name is there for; none when it is not ours, or a partition's clone.
enum class Duty { none, capture, guard };
Duty duty_of(Oid relation, const char *trigger);
// What the trigger is for that the statement makes.
Duty duty_of(const CreateTrigStmt *statement);

} // namespace tviews::capture
