// definition/levels.cpp - what a level of the scope lets through (see scope.hpp and the essay in paths.cpp).
#include "definition/scope.hpp"

#include "definition/expressions.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_constraint.h"
}

namespace tviews::definition {

bool Level::transparent(const Scope &scope, Node *expr) const {
    if (carries(scope, expr))
        return true;
    // What is computed from such columns only is the same in all rows that share them.
    if (opaque || limited || IsA(expr, Var) || has_marker(expr) || contain_aggs_or_windows(expr))
        return false;
    bool all = !bms_is_empty(rels_of(expr));
    for_each_var(expr, [&](Var *var) { all = all && carries(scope, reinterpret_cast<Node *>(var)); });
    return all;
}

bool Level::carries(const Scope &scope, Node *expr) const {
    if (opaque || limited)
        return false;
    if (set_operation)
        return true;
    if (grouped) {
        bool found = list_member(grouping, expr);
        if (!found && IsA(expr, Var)) {
            // A column of a relation whose primary key is grouped by depends on the group.
            auto *var = castNode(Var, expr);
            const Rel &rel = scope.rel(static_cast<int>(var->varno));
            Oid constraint = InvalidOid;
            Bitmapset *const key = rel.kind == RelKind::base
                                       ? get_primary_key_attnos(rel.rte->relid, false, &constraint)
                                       : nullptr;
            found = key != nullptr;
            int member = -1;
            while (found && (member = bms_next_member(key, member)) >= 0) {
                bool grouped_by = false;
                for (Node *group : pg::each<Node>(grouping))
                    if (IsA(group, Var) && castNode(Var, group)->varno == var->varno &&
                        castNode(Var, group)->varattno == member + FirstLowInvalidHeapAttributeNumber)
                        grouped_by = true;
                found = grouped_by;
            }
        }
        if (!found)
            return false;
    }
    for (List *partition : partitions)
        if (!list_member(partition, expr))
            return false;
    return true;
}

const char *Level::barrier_reason() const {
    if (opaque)
        return opaque_reason;
    if (limited)
        return "it is read below a LIMIT that no correlation confines";
    if (!partitions.empty())
        return query->hasDistinctOn
                   ? "it is read below DISTINCT ON without a usable column"
                   : "it is read below a window function without a usable PARTITION BY column";
    if (grouped)
        return grouping == NIL ? "it is read by an aggregate over the whole input"
                               : "it is read below a GROUP BY without a usable grouping column";
    return "no condition links it to the key";
}

} // namespace tviews::definition
