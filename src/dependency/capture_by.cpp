// dependency/capture_by.cpp - which tables may be captured by statement instead of row by row.
//
// Statement triggers see what a statement does to the table it names, at its end. That is less than row triggers see
// wherever a row can change otherwise: below the named table, by replication, or between the triggers of one statement.
#include "dependency/dependency.hpp"

#include "catalog/triggers.hpp"
#include "pg/compat.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
}

namespace tviews::dependency {

const char *needs_row_triggers(Oid relation) {
    if (get_rel_relkind(relation) == RELKIND_PARTITIONED_TABLE || pg::parents_of(relation) != NIL ||
        has_subclass(relation))
        return "It belongs to a partitioned table or an inheritance tree";
    if (get_rel_relkind(relation) != RELKIND_RELATION || catalog::find_by_table(relation) != nullptr)
        return "It is not a base table";
    if (feeds_replica_maintenance(relation))
        return "Logical replication fires no statement triggers, and a TVIEW follows replicated changes";
    if (catalog::has_after_triggers(relation))
        return "It has AFTER triggers, which would see TVIEWs without the changes of their own statement";
    if (!pg::transition_tables_complete())
        return "MERGE gives incomplete transition tables before PostgreSQL 15.16, 16.12, 17.8 and 18.2";
    return nullptr;
}

} // namespace tviews::dependency
