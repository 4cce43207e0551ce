// pg/relations.hpp - what the catalogs know of a relation, without opening it.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::pg {

// InvalidOid when there is no such relation (any more).
Oid owner_of(Oid relation);
// May the current user act as the owner? False when there is no such relation.
bool owned_by_user(Oid relation);

// The relation, or a partition or child of it, that a crash would empty; InvalidOid when there is none.
Oid unlogged_part(Oid relation);

// False for a materialized view that cannot be read before it is refreshed.
bool populated(Oid relation);

// What the relation is a partition or child of, as `snapshot` sees it (nullptr: the latest). List of Oid.
List *parents_of(Oid relation, Snapshot snapshot = nullptr);
// The parents that stay when `dropped` (list of Oid) have gone, as the active snapshot still sees them. List of Oid.
List *parents_left_by(List *dropped);

} // namespace tviews::pg
