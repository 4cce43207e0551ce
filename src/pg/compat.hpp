// pg/compat.hpp - every difference between PostgreSQL 15, 16, 17 and 18 that more than one file meets.
//
// Newest version first, #else is the oldest; when a version is dropped, its branch is deleted. No other folder
// contains PG_VERSION_NUM.
#pragma once

#include "pg/postgres.hpp"

#define TVIEWS_PG_GE(major) (PG_VERSION_NUM >= (major) *10000)

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "pg_tviews supports PostgreSQL 15 to 18"
#endif

extern "C" {
#include "commands/trigger.h"
#include "lib/dshash.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "storage/lock.h"
#if TVIEWS_PG_GE(16)
#include "varatt.h"
#endif
}

// Tree walkers and mutators are passed untyped to PostgreSQL 15 and typed to later ones.
#if TVIEWS_PG_GE(16)
#define TVIEWS_WALKER(function) (function)
#define TVIEWS_MUTATOR(function) (function)
#else
#define TVIEWS_WALKER(function) (reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(function)))
#define TVIEWS_MUTATOR(function) (reinterpret_cast<Node *(*) ()>(reinterpret_cast<void (*)()>(function)))
#endif

namespace tviews::pg {

// Replaces references to join output columns (and, from 18 on, to grouping columns) of `query` in `node` by what
// they stand for. `node` is a part of `query`, at its level.
inline Node *flatten_aliases(Query *query, Node *node) {
#if TVIEWS_PG_GE(18)
    if (query->hasGroupRTE)
        node = flatten_group_exprs(nullptr, query, node);
#endif
#if TVIEWS_PG_GE(16)
    return flatten_join_alias_vars(nullptr, query, node);
#else
    return flatten_join_alias_vars(query, node);
#endif
}

// Is `rte` the pseudo relation that PostgreSQL 18 makes for GROUP BY?
inline bool is_group_rte([[maybe_unused]] const RangeTblEntry *rte) {
#if TVIEWS_PG_GE(18)
    return rte->rtekind == RTE_GROUP;
#else
    return false;
#endif
}

inline List *group_expressions([[maybe_unused]] const RangeTblEntry *rte) {
#if TVIEWS_PG_GE(18)
    return rte->groupexprs;
#else
    return NIL;
#endif
}

// Takes off a Var what tells where in a query it stood, so that equal columns compare equal.
inline void plain_var(Var *var) {
#if TVIEWS_PG_GE(16)
    var->varnullingrels = nullptr;
#endif
    var->varnosyn = 0;
    var->varattnosyn = 0;
    var->location = -1;
}

// The expression of a virtual generated column with rel number `varno`; nullptr for any other column.
Node *virtual_column_expression(Oid relation, AttrNumber attno, int varno);

// Does the operator compare by a sort order (btree)?
bool orders_values(Oid operation);

// Are values of the type that are equal under the collation the same bytes? Not 1.0 and 1.00.
bool equal_values_look_equal(Oid type, Oid collation);

// Vars of all columns of a range-table entry.
List *columns_of(RangeTblEntry *rte, Index varno);

// Is the column declared NOT NULL?
bool column_not_null(Oid relation, AttrNumber attno);

// A range-table entry that is only deparsed carries no permission information.
inline void no_permissions(RangeTblEntry *entry) {
#if TVIEWS_PG_GE(16)
    entry->perminfoindex = 0;
#else
    entry->requiredPerms = 0;
#endif
}

// Takes a lock that nobody conflicts with; false when the lock table is full.
inline bool lock_if_room(const LOCKTAG &tag, LOCKMODE mode) {
#if TVIEWS_PG_GE(18)
    return LockAcquireExtended(&tag, mode, false, true, false, nullptr, false) != LOCKACQUIRE_NOT_AVAIL;
#else
    return LockAcquireExtended(&tag, mode, false, true, false, nullptr) != LOCKACQUIRE_NOT_AVAIL;
#endif
}

// Do statement triggers get every row that MERGE changes? Minor releases before that of February 2026 lose some, where
// another part of the same command writes the table as well. Of the running server, not of the headers.
bool transition_tables_complete();

// Sets when a trigger of the table fires, TRIGGER_FIRES_...; partitions' clones of it stay as they are.
inline void set_trigger_firing(Relation table, const char *trigger, char when) {
#if TVIEWS_PG_GE(16)
    EnableDisableTrigger(table, trigger, InvalidOid, when, false, false, ShareRowExclusiveLock);
#else
    EnableDisableTriggerNew(table, trigger, when, false, false, ShareRowExclusiveLock);
#endif
}

// For a shared hash table whose keys are compared byte by byte.
inline dshash_parameters binary_hash_parameters(std::size_t key_size, std::size_t entry_size, int tranche) {
    dshash_parameters parameters{};
    parameters.key_size = key_size;
    parameters.entry_size = entry_size;
    parameters.compare_function = dshash_memcmp;
    parameters.hash_function = dshash_memhash;
#if TVIEWS_PG_GE(17)
    parameters.copy_function = dshash_memcpy;
#endif
    parameters.tranche_id = tranche;
    return parameters;
}

// Is the column a virtual generated column (18 and later)?
inline bool is_virtual_generated([[maybe_unused]] Form_pg_attribute attribute) {
#if TVIEWS_PG_GE(18)
    return attribute->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
    return false;
#endif
}

} // namespace tviews::pg
