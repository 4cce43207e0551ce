// definition/row_order.cpp - see row_order.hpp.
#include "definition/row_order.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parsetree.h"
#include "utils/typcache.h"
}

namespace tviews::definition {

bool sortable(Oid type) {
    TypeCacheEntry *const entry = lookup_type_cache(type, TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR);
    return OidIsValid(entry->lt_opr) && OidIsValid(entry->eq_opr);
}

bool equal_is_same(Node *expr) {
    Oid const type = getBaseType(exprType(expr));
    // A number with a scale of its own always shows it.
    return (type == NUMERICOID && exprTypmod(expr) >= 0) ||
           pg::equal_values_look_equal(type, exprCollation(expr));
}

Node *cast_to(Node *expr, Oid type, int32 typmod) {
    Node *const result = coerce_to_target_type(nullptr, expr, exprType(expr), type, typmod, COERCION_EXPLICIT,
                                               COERCE_EXPLICIT_CAST, -1);
    assign_expr_collations(nullptr, result);
    return result;
}

Node *collated(Node *expr, Oid collation) {
    auto *collate = makeNode(CollateExpr);
    collate->arg = reinterpret_cast<Expr *>(expr);
    collate->collOid = collation;
    collate->location = -1;
    return reinterpret_cast<Node *>(collate);
}

Node *as_text(Node *expr) { return collated(cast_to(expr, TEXTOID, -1), C_COLLATION_OID); }

void add_image(List **columns, Node *expr) {
    if (sortable(exprType(expr)))
        *columns = lappend(*columns, expr);
    if (!equal_is_same(expr))
        *columns = lappend(*columns, as_text(static_cast<Node *>(copyObjectImpl(expr))));
}

List *key_columns(const Query *query, Index varno) {
    RangeTblEntry *const rte = rt_fetch(varno, query->rtable);
    List *const all = pg::columns_of(rte, varno);
    if (rte->rtekind == RTE_FUNCTION && rte->funcordinality)
        return list_make1(llast(all));
    if (rte->rtekind != RTE_RELATION || get_rel_relkind(rte->relid) == RELKIND_VIEW ||
        (rte->inh && get_rel_relkind(rte->relid) == RELKIND_RELATION && has_subclass(rte->relid)))
        return NIL; // children may have rows with a key of the parent's
    Oid constraint = InvalidOid;
    Bitmapset *const key = get_primary_key_attnos(rte->relid, false, &constraint);
    List *columns = NIL;
    for (auto *var : pg::each<Var>(all))
        if (bms_is_member(var->varattno - FirstLowInvalidHeapAttributeNumber, key))
            columns = lappend(columns, var);
    return columns;
}

List *visible_columns(const Query *query, Index varno, List *used, bool led) {
    Bitmapset *numbers = nullptr;
    for (auto *var : pg::each<Var>(used))
        if (var->varno == static_cast<int>(varno))
            numbers = bms_add_member(numbers, var->varattno - FirstLowInvalidHeapAttributeNumber);
    bool const whole_row = bms_is_member(-FirstLowInvalidHeapAttributeNumber, numbers);
    List *columns = NIL;
    for (auto *var : pg::each<Var>(pg::columns_of(rt_fetch(varno, query->rtable), varno))) {
        if (whole_row || bms_is_member(var->varattno - FirstLowInvalidHeapAttributeNumber, numbers))
            add_image(&columns, reinterpret_cast<Node *>(var));
        else if (led && columns == NIL && sortable(var->vartype))
            columns = lappend(columns, var);
    }
    for (auto *var : pg::each<Var>(used))
        if (var->varno == static_cast<int>(varno) && var->varattno < 0)
            add_image(&columns, reinterpret_cast<Node *>(var));
    return columns;
}

List *used_columns(Query *query, List *exprs) {
    Node *const flat = pg::flatten_aliases(query, static_cast<Node *>(copyObjectImpl(exprs)));
    List *const used = pull_vars_of_level(flat, 0);
    for (auto *var : pg::each<Var>(used)) {
        var->varlevelsup = 0;
        pg::plain_var(var);
    }
    return used;
}

List *tie_breakers(Query *query, List *exprs) {
    List *const used = used_columns(query, exprs);
    List *columns = NIL;
    for (Node *item : pg::each<Node>(query->jointree->fromlist))
        for_each_used(item, used, [&](Index varno) {
            List *const key = key_columns(query, varno);
            columns = list_concat(columns, key != NIL ? key : visible_columns(query, varno, used, true));
        });
    return columns;
}

List *group_tie_breakers(Query *query) {
    List *columns = NIL;
    for (auto *group : pg::each<SortGroupClause>(query->groupClause))
        columns = lappend(columns, get_sortgroupclause_expr(group, query->targetList));
    if (query->groupingSets == NIL)
        return columns;
    auto visit = [&](Node *node) { // a grouping set's NULL is not a value's
        if ((IsA(node, Aggref) || IsA(node, GroupingFunc)))
            add_image(&columns, node);
        return IsA(node, Aggref) || IsA(node, SubLink);
    };
    pg::walk(reinterpret_cast<Node *>(query->targetList), visit, false);
    return columns;
}

List *grouping(Query *query) {
    List *groups = NIL;
    for (auto *clause : pg::each<SortGroupClause>(query->groupClause))
        groups = lappend(
            groups, pg::flatten_aliases(query, static_cast<Node *>(copyObjectImpl(
                                                   get_sortgroupclause_expr(clause, query->targetList)))));
    return groups;
}

} // namespace tviews::definition
