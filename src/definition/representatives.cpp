// definition/representatives.cpp - which of several equal values a group shows (see determinism.hpp).
//
// GROUP BY a and SELECT DISTINCT a take 1.0 and 1.00 for one value, and PostgreSQL shows the one that it has met first. The
// stored definition shows a definite one instead. `represented` lets the analysis know the grouping expression again:
// for conditions the two are equal.
#include "definition/determinism.hpp"

#include "definition/row_order.hpp"
#include "pg/compat.hpp"

extern "C" {
#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "nodes/makefuncs.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
}

namespace tviews::definition {

namespace {

// Of equal values that look different a group shows the one whose text is least: min(g::text COLLATE "C")::type.
// nullptr when its type cannot be had from text.
Node *representative(Node *group) {
    auto *least = makeNode(Aggref);
    least->aggfnoid = F_MIN_TEXT;
    least->aggtype = TEXTOID;
    least->aggcollid = least->inputcollid = C_COLLATION_OID;
    least->aggargtypes = list_make1_oid(TEXTOID);
    least->args = list_make1(makeTargetEntry(
        reinterpret_cast<Expr *>(as_text(static_cast<Node *>(copyObjectImpl(group)))), 1, nullptr, false));
    least->aggkind = AGGKIND_NORMAL;
    least->aggno = least->aggtransno = least->location = -1;
    Node *const result = cast_to(reinterpret_cast<Node *>(least), exprType(group), exprTypmod(group));
    Oid const collation = exprCollation(group);
    return result != nullptr && OidIsValid(collation) ? collated(result, collation) : result;
}

// Does a group have one value of its expression only, because it has the keys of all rows that it comes from?
bool fixed_by_keys(Query *query, Node *group, List *groups) {
    List *plain = NIL;
    for (auto *expr : pg::each<Node>(groups))
        plain = list_concat(plain, used_columns(query, list_make1(expr)));
    bool fixed = true;
    for (auto *var : pg::each<Var>(used_columns(query, list_make1(group)))) {
        List *const key = key_columns(query, static_cast<Index>(var->varno));
        fixed = fixed && key != NIL;
        for (Node *column : pg::each<Node>(key))
            fixed = fixed && list_member(plain, column);
    }
    return fixed;
}

struct Replacement {
    Node *from;
    Node *to;
};

Node *replace(Node *node, void *raw) {
    auto const *replacement = static_cast<Replacement *>(raw);
    if (node == nullptr || IsA(node, Aggref) || IsA(node, GroupingFunc))
        return node;
    if (equal(node, replacement->from))
        return static_cast<Node *>(copyObjectImpl(replacement->to));
    return expression_tree_mutator(node, TVIEWS_MUTATOR(replace), raw);
}

// SELECT DISTINCT as the GROUP BY that it is.
bool group_distinct(Query *query) {
    if (query->distinctClause == NIL || query->hasDistinctOn || query->hasAggs || query->groupClause != NIL ||
        query->havingQual != nullptr || query->hasWindowFuncs || query->hasTargetSRFs ||
        query->setOperations != nullptr)
        return false;
    bool same = true;
    for (auto *tle : pg::each<TargetEntry>(query->targetList))
        same = same && equal_is_same(reinterpret_cast<Node *>(tle->expr));
    if (same)
        return false;
    query->groupClause = query->distinctClause;
    query->distinctClause = NIL;
    return true;
}

} // namespace

void represent_groups(Query *query) {
    if (!group_distinct(query) && query->distinctClause != NIL)
        return;
    if (query->groupingSets != NIL)
        return;
    List *const groups = grouping(query);
    for (int i = 0; i < list_length(groups); i++) {
        auto *const group = static_cast<Node *>(list_nth(groups, i));
        if (equal_is_same(group) || fixed_by_keys(query, group, groups))
            continue;
        Node *const shown = representative(group);
        if (shown == nullptr)
            continue;
        TargetEntry *const target =
            get_sortgroupclause_tle(list_nth_node(SortGroupClause, query->groupClause, i), query->targetList);
        Node *const written = reinterpret_cast<Node *>(target->expr);
        Replacement replacement{written, shown};
        for (auto *tle : pg::each<TargetEntry>(query->targetList))
            if (tle != target && tle->ressortgroupref == 0)
                tle->expr =
                    reinterpret_cast<Expr *>(replace(reinterpret_cast<Node *>(tle->expr), &replacement));
        if (!target->resjunk) {
            auto *const grouped = static_cast<TargetEntry *>(copyObjectImpl(target));
            grouped->resno = static_cast<AttrNumber>(list_length(query->targetList) + 1);
            grouped->resname = nullptr;
            grouped->resjunk = true;
            query->targetList = lappend(query->targetList, grouped);
            target->expr = reinterpret_cast<Expr *>(shown);
            target->ressortgroupref = 0;
        }
        query->hasAggs = true;
    }
}

Node *represented(Query *query, Node *expr) {
    if (!query->hasAggs || query->groupClause == NIL)
        return nullptr;
    Node *const flat = pg::flatten_aliases(query, static_cast<Node *>(copyObjectImpl(expr)));
    for (Node *group : pg::each<Node>(grouping(query)))
        if (!equal_is_same(group) && equal(representative(group), flat))
            return group;
    return nullptr;
}

} // namespace tviews::definition
