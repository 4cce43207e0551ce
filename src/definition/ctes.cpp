// definition/ctes.cpp - replaces references to WITH queries by the queries themselves.
//
// A TVIEW's definition has no volatile functions and no data-modifying WITH, so each reference may be computed for
// itself: the path search then sees plain subqueries. Recursive WITH queries stay as they are.
#include "definition/scope.hpp"

#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "rewrite/rewriteManip.h"
}

namespace tviews::definition {

namespace {

struct Nesting {
    Query *query;
    Nesting *parent;
    List *fresh; // copies put in here: inlined already
};

void inline_level(Query *query, Nesting *parent);

bool step(Node *node, void *raw) {
    auto *nesting = static_cast<Nesting *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Query)) {
        if (!list_member_ptr(nesting->fresh, node))
            inline_level(castNode(Query, node), nesting);
        return false;
    }
    return expression_tree_walker(node, TVIEWS_WALKER(step), raw);
}

CommonTableExpr *find(const Nesting *nesting, const RangeTblEntry *rte) {
    for (Index up = 0; up < rte->ctelevelsup && nesting != nullptr; up++)
        nesting = nesting->parent;
    if (nesting == nullptr)
        return nullptr;
    for (auto *cte : pg::each<CommonTableExpr>(nesting->query->cteList))
        if (strcmp(cte->ctename, rte->ctename) == 0)
            return cte;
    return nullptr;
}

void inline_level(Query *query, Nesting *parent) {
    Nesting nesting{query, parent, NIL};
    for (auto *cte : pg::each<CommonTableExpr>(query->cteList))
        inline_level(castNode(Query, cte->ctequery), &nesting);
    for (auto *rte : pg::each<RangeTblEntry>(query->rtable)) {
        if (rte->rtekind != RTE_CTE || rte->self_reference)
            continue;
        CommonTableExpr *const cte = find(&nesting, rte);
        if (cte == nullptr || cte->cterecursive)
            continue;
        auto *copy = castNode(Query, copyObject(cte->ctequery));
        if (rte->ctelevelsup > 0)
            IncrementVarSublevelsUp(reinterpret_cast<Node *>(copy), static_cast<int>(rte->ctelevelsup), 1);
        rte->rtekind = RTE_SUBQUERY;
        rte->subquery = copy;
        rte->security_barrier = false;
        rte->ctename = nullptr;
        rte->ctelevelsup = 0;
        rte->coltypes = rte->coltypmods = rte->colcollations = NIL;
        nesting.fresh = lappend(nesting.fresh, copy);
    }
    (void) query_tree_walker(query, TVIEWS_WALKER(step), &nesting, QTW_IGNORE_CTE_SUBQUERIES);
    List *kept = NIL;
    for (auto *cte : pg::each<CommonTableExpr>(query->cteList))
        if (cte->cterecursive)
            kept = lappend(kept, cte);
    query->cteList = kept;
    query->hasRecursive = kept != NIL;
}

} // namespace

void inline_ctes(Query *query) { inline_level(query, nullptr); }

} // namespace tviews::definition
