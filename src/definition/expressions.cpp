// definition/expressions.cpp - see expressions.hpp.
#include "definition/expressions.hpp"

#include "definition/scope.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "optimizer/tlist.h"
#include "utils/typcache.h"
}

namespace tviews::definition {

Bitmapset *rels_of(Node *expr) {
    Bitmapset *rels = nullptr;
    for_each_var(expr, [&](Var *var) { rels = bms_add_member(rels, static_cast<int>(var->varno)); });
    return rels;
}

Node *marker_for(Node *sublink, int rel) {
    auto *marker = makeNode(Param);
    marker->paramkind = PARAM_EXEC; // the parser makes no such Param
    marker->paramid = rel;
    marker->paramtype = exprType(sublink);
    marker->paramtypmod = exprTypmod(sublink);
    marker->paramcollid = exprCollation(sublink);
    marker->location = -1;
    return reinterpret_cast<Node *>(marker);
}

bool has_marker(Node *expr) {
    bool found = false;
    auto step = [&](Node *node) {
        if (IsA(node, Param) && castNode(Param, node)->paramkind == PARAM_EXEC)
            found = true;
        return found;
    };
    pg::walk(expr, step, false);
    return found;
}

namespace {

struct Substitution {
    int id;
    List *outputs; // nullptr: sublink parameters become Vars of `id`
    bool failed;
};

Node *substitute_step(Node *node, void *raw) {
    auto *substitution = static_cast<Substitution *>(raw);
    if (node == nullptr)
        return nullptr;
    if (substitution->outputs == nullptr) {
        if (IsA(node, Param) && castNode(Param, node)->paramkind == PARAM_SUBLINK) {
            auto *param = castNode(Param, node);
            return reinterpret_cast<Node *>(makeVar(substitution->id, static_cast<AttrNumber>(param->paramid),
                                                    param->paramtype, param->paramtypmod, param->paramcollid,
                                                    0));
        }
    } else if (IsA(node, Var) && static_cast<int>(castNode(Var, node)->varno) == substitution->id) {
        auto *var = castNode(Var, node);
        if (var->varattno <= 0 || var->varattno > list_length(substitution->outputs)) {
            substitution->failed = true;
            return node;
        }
        return static_cast<Node *>(copyObject(list_nth(substitution->outputs, var->varattno - 1)));
    }
    return expression_tree_mutator(node, TVIEWS_MUTATOR(substitute_step), raw);
}

} // namespace

Node *replace_sublink_params(Node *test, int id) {
    Substitution substitution{id, nullptr, false};
    return substitute_step(test, &substitution);
}

Node *substitute(Node *expr, int id, List *outputs) {
    if (outputs == NIL)
        return expr;
    Substitution substitution{id, outputs, false};
    Node *const result = substitute_step(expr, &substitution);
    return substitution.failed ? nullptr : result;
}

bool contain_aggs_or_windows(Node *expr) {
    bool found = expression_returns_set(expr);
    auto step = [&](Node *node) {
        if (IsA(node, Aggref) || IsA(node, WindowFunc) || IsA(node, GroupingFunc))
            found = true;
        return found;
    };
    pg::walk(expr, step, false);
    return found;
}

bool contain_windows(Node *expr) {
    bool found = expression_returns_set(expr);
    auto step = [&](Node *node) {
        if (IsA(node, WindowFunc))
            found = true;
        return found;
    };
    pg::walk(expr, step, false);
    return found;
}

bool is_limited(const Query *query) {
    auto leaves_out = [](const Node *node, bool zero_is_nothing) {
        if (node == nullptr)
            return false;
        if (!IsA(node, Const))
            return true;
        auto const *value = reinterpret_cast<const Const *>(node);
        return !value->constisnull && !(zero_is_nothing && DatumGetInt64(value->constvalue) == 0);
    };
    return leaves_out(query->limitCount, false) || leaves_out(query->limitOffset, true);
}

namespace {

struct Depth {
    Index levels;
    bool found;
};

bool outer_step(Node *node, void *raw) {
    auto *depth = static_cast<Depth *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry)) {
        auto *rte = castNode(RangeTblEntry, node);
        if (rte->rtekind == RTE_CTE && rte->ctelevelsup >= depth->levels)
            depth->found = true;
        return false;
    }
    if (IsA(node, Var) && castNode(Var, node)->varlevelsup >= depth->levels)
        depth->found = true;
    if (IsA(node, Aggref) && castNode(Aggref, node)->agglevelsup >= depth->levels)
        depth->found = true;
    if (IsA(node, Query)) {
        depth->levels++;
        (void) query_tree_walker(castNode(Query, node), TVIEWS_WALKER(outer_step), raw,
                                 QTW_EXAMINE_RTES_BEFORE);
        depth->levels--;
        return false;
    }
    return expression_tree_walker(node, TVIEWS_WALKER(outer_step), raw);
}

} // namespace

bool reads_outer_levels(Query *query) {
    Depth depth{0, false};
    (void) outer_step(reinterpret_cast<Node *>(query), &depth);
    return depth.found;
}

Node *equality_clause(Var *column, Var *other) {
    TypeCacheEntry *const type = lookup_type_cache(column->vartype, TYPECACHE_EQ_OPR);
    if (!OidIsValid(type->eq_opr))
        return nullptr;
    Expr *const test = make_opclause(type->eq_opr, BOOLOID, false, reinterpret_cast<Expr *>(column),
                                     reinterpret_cast<Expr *>(other), InvalidOid, column->varcollid);
    set_opfuncid(castNode(OpExpr, test));
    return reinterpret_cast<Node *>(test);
}

Node *null_test(Var *column) {
    auto *test = makeNode(NullTest);
    test->arg = reinterpret_cast<Expr *>(copyObject(column));
    test->nulltesttype = IS_NULL;
    test->argisrow = false;
    test->location = -1;
    return reinterpret_cast<Node *>(test);
}

Node *both_null(Var *column, Var *other) {
    return reinterpret_cast<Node *>(make_andclause(list_make2(null_test(column), null_test(other))));
}

List *keep_group_targets(Query *query, List *targets) {
    for (auto *group : pg::each<SortGroupClause>(query->groupClause)) {
        auto *entry =
            static_cast<TargetEntry *>(copyObject(get_sortgroupclause_tle(group, query->targetList)));
        entry->resno = static_cast<AttrNumber>(list_length(targets) + 1);
        entry->resjunk = true;
        targets = lappend(targets, entry);
    }
    // The copies among the wanted columns must not carry the same reference twice.
    int const wanted = list_length(targets) - list_length(query->groupClause);
    for (int i = 0; i < wanted; i++)
        list_nth_node(TargetEntry, targets, i)->ressortgroupref = 0;
    return targets;
}

Node *strict_probe(Node *expr) {
    auto *test = makeNode(NullTest);
    test->arg = reinterpret_cast<Expr *>(expr);
    test->nulltesttype = IS_NOT_NULL;
    test->argisrow = false;
    test->location = -1;
    return reinterpret_cast<Node *>(test);
}

Var *plain_column(Node *expr) {
    while (expr != nullptr && IsA(expr, RelabelType))
        expr = reinterpret_cast<Node *>(castNode(RelabelType, expr)->arg);
    if (expr == nullptr || !IsA(expr, Var) || castNode(Var, expr)->varattno <= 0)
        return nullptr;
    return castNode(Var, expr);
}

} // namespace tviews::definition
