// definition/expressions.hpp - small operations on global expressions (see scope.hpp).
#pragma once

#include "pg/compat.hpp"
#include "pg/list.hpp"

namespace tviews::definition {

// visit(Var *) for every column reference in an expression or list.
template <typename F> void for_each_var(Node *expr, F &&visit) {
    auto step = [&](Node *node) {
        if (IsA(node, Var))
            visit(castNode(Var, node));
        return false;
    };
    pg::walk(expr, step, false);
}

// A placeholder for a sub-select inside a global expression, and the test for one. Its paramid is the rel that stands
// for the sub-select.
Node *marker_for(Node *sublink, int rel);
bool has_marker(Node *expr);

// The test of `x op ANY (sub-select)` with the sub-select's columns as Vars of rel `id`.
Node *replace_sublink_params(Node *test, int id);

// An expression that is strict in `expr` (expr = expr, in effect), to ask which rels it forces to be present.
Node *strict_probe(Node *expr);

// Replaces Vars of rel `id` by `outputs`; nullptr when a whole-row reference stands in the way.
Node *substitute(Node *expr, int id, List *outputs);

// Aggregates, window functions, set-returning functions: expressions that are not computed from one row.
bool contain_aggs_or_windows(Node *expr);
bool contain_windows(Node *expr);

// Does the query have a LIMIT or OFFSET that leaves rows out? LIMIT ALL and OFFSET 0 do not.
bool is_limited(const Query *query);

// Does `query` refer to columns or WITH queries of levels around it, however far out?
bool reads_outer_levels(Query *query);

// column = other, for two columns of one type; nullptr when the type has no equality.
Node *equality_clause(Var *column, Var *other);
// column IS NULL, and column IS NULL AND other IS NULL
Node *null_test(Var *column);
Node *both_null(Var *column, Var *other);

// `targets` plus the (resjunk) target entries that query->groupClause refers to.
List *keep_group_targets(Query *query, List *targets);

// The Var behind binary-compatible relabelings; nullptr when there is none.
Var *plain_column(Node *expr);

} // namespace tviews::definition
