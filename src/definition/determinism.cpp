// definition/determinism.cpp - makes a definition's result independent of the order in which rows are read.
//
// jsonb_agg(x) without ORDER BY, ORDER BY ... LIMIT with ties, DISTINCT ON and row_number() over ties leave PostgreSQL
// free to give different answers to the same query. A table that must equal its definition needs one answer, so the
// definition stored in v_<entity> gets what it lacks: rows that the user's own ordering leaves equal are ordered by
// the primary keys of the relations read at that level. Any order is a correct reading of what the user wrote.
//
// Left alone: aggregates whose result does not depend on the order, those over a subquery that has an ORDER BY of its
// own (the usual way to order several aggregates at once), and WITH TIES.
#include "definition/definition.hpp"

#include "definition/expressions.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "nodes/makefuncs.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "utils/typcache.h"
}

namespace tviews::definition {

namespace {

constexpr int max_tie_breakers = 12;

void visit_query(Query *query);

// Primary-key columns (or, without a primary key, all sortable columns) of the relations of one level; an outer
// level's rows are fixed while this one is computed.
struct TieBreakers {
    List *columns = NIL;        // of Var
    bool ordered_input = false; // a subquery with its own ORDER BY is read: the user orders by it
};

bool sortable(Oid type) {
    TypeCacheEntry *const entry = lookup_type_cache(type, TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR);
    return OidIsValid(entry->lt_opr) && OidIsValid(entry->eq_opr);
}

void add_column(TieBreakers &ties, Index varno, AttrNumber attno, Oid type, int32 typmod, Oid collation) {
    if (sortable(type) && list_length(ties.columns) < max_tie_breakers)
        ties.columns =
            lappend(ties.columns, makeVar(static_cast<int>(varno), attno, type, typmod, collation, 0));
}

void add_relation(TieBreakers &ties, const RangeTblEntry *rte, Index varno) {
    Oid constraint = InvalidOid;
    Bitmapset *const key = get_rel_relkind(rte->relid) == RELKIND_VIEW
                               ? nullptr
                               : get_primary_key_attnos(rte->relid, false, &constraint);
    Relation const relation = relation_open(rte->relid, AccessShareLock);
    TupleDesc const descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute const attribute = TupleDescAttr(descriptor, i);
        if (attribute->attisdropped ||
            (key != nullptr && !bms_is_member(attribute->attnum - FirstLowInvalidHeapAttributeNumber, key)))
            continue;
        add_column(ties, varno, attribute->attnum, attribute->atttypid, attribute->atttypmod,
                   attribute->attcollation);
    }
    relation_close(relation, NoLock);
}

void add_subquery(TieBreakers &ties, const Query *query, Index varno) {
    if (query->sortClause != NIL)
        ties.ordered_input = true;
    for (auto *tle : pg::each<TargetEntry>(query->targetList))
        if (!tle->resjunk)
            add_column(ties, varno, tle->resno, exprType(reinterpret_cast<Node *>(tle->expr)),
                       exprTypmod(reinterpret_cast<Node *>(tle->expr)),
                       exprCollation(reinterpret_cast<Node *>(tle->expr)));
}

void add_item(TieBreakers &ties, Query *query, Node *item) {
    if (IsA(item, JoinExpr)) {
        auto *join = castNode(JoinExpr, item);
        add_item(ties, query, join->larg);
        if (join->jointype != JOIN_SEMI && join->jointype != JOIN_ANTI)
            add_item(ties, query, join->rarg);
        return;
    }
    if (!IsA(item, RangeTblRef))
        return;
    auto const varno = static_cast<Index>(castNode(RangeTblRef, item)->rtindex);
    RangeTblEntry *const rte = rt_fetch(varno, query->rtable);
    switch (rte->rtekind) {
    case RTE_RELATION:
        add_relation(ties, rte, varno);
        break;
    case RTE_SUBQUERY:
        add_subquery(ties, rte->subquery, varno);
        break;
    case RTE_FUNCTION:
    case RTE_VALUES:
    case RTE_CTE:
    case RTE_TABLEFUNC:
        // The order of a function's rows is its own; WITH ORDINALITY makes it a column.
        ties.ordered_input = rte->rtekind == RTE_FUNCTION && !rte->funcordinality;
        for (int i = 0; i < list_length(rte->coltypes); i++)
            add_column(ties, varno, static_cast<AttrNumber>(i + 1), list_nth_oid(rte->coltypes, i),
                       list_nth_int(rte->coltypmods, i), list_nth_oid(rte->colcollations, i));
        break;
    default:
        break;
    }
}

TieBreakers tie_breakers(Query *query) {
    TieBreakers ties;
    for (Node *item : pg::each<Node>(query->jointree->fromlist))
        add_item(ties, query, item);
    // A join keeps no order: only what is read alone can have come in the order the user wants.
    List *const items = query->jointree->fromlist;
    ties.ordered_input = ties.ordered_input && list_length(items) == 1 && IsA(linitial(items), RangeTblRef);
    return ties;
}

// Does the result of the aggregate depend on the order of its input?
bool order_sensitive(const Aggref *aggregate) {
    if (aggregate->aggkind != AGGKIND_NORMAL)
        return false;
    if (aggregate->aggfnoid >= FirstNormalObjectId)
        return list_length(aggregate->args) > 0;
    char *const name = get_func_name(aggregate->aggfnoid);
    static constexpr const char *sensitive[] = {
        "array_agg", "string_agg", "json_agg", "jsonb_agg", "xmlagg", "json_object_agg", "jsonb_object_agg"};
    for (const char *prefix : sensitive)
        if (strncmp(name, prefix, strlen(prefix)) == 0)
            return true;
    if (strcmp(name, "any_value") == 0)
        return true;
    if (strcmp(name, "count") == 0 || aggregate->args == NIL)
        return false;
    // Sums of floating point numbers depend on the order of addition; least and greatest of values that compare
    // equal but look different (1.0 and 1.00) depend on which came first.
    Oid const type = linitial_oid(aggregate->aggargtypes);
    if (type == FLOAT4OID || type == FLOAT8OID)
        return strcmp(name, "bool_and") != 0;
    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0)
        return !(type == INT2OID || type == INT4OID || type == INT8OID || type == OIDOID || type == DATEOID ||
                 type == TIMESTAMPOID || type == TIMESTAMPTZOID || type == TEXTOID || type == TIMEOID ||
                 type == UUIDOID);
    return false;
}

SortGroupClause *sort_clause(Oid type, Index reference) {
    TypeCacheEntry *const entry =
        lookup_type_cache(type, TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC);
    auto *clause = makeNode(SortGroupClause);
    clause->tleSortGroupRef = reference;
    clause->eqop = entry->eq_opr;
    clause->sortop = entry->lt_opr;
    clause->nulls_first = false;
    clause->hashable = OidIsValid(entry->hash_proc);
    return clause;
}

Index next_reference(List *targets) {
    Index highest = 0;
    for (auto *tle : pg::each<TargetEntry>(targets))
        highest = std::max(highest, tle->ressortgroupref);
    return highest + 1;
}

// Appends to an ordering what it does not order by yet. New target entries are resjunk.
void extend(List **order, List **targets, List *columns) {
    for (Node *column : pg::each<Node>(columns)) {
        bool covered = false;
        for (auto *clause : pg::each<SortGroupClause>(*order))
            covered = covered || equal(get_sortgroupclause_expr(clause, *targets), column);
        if (covered)
            continue;
        TargetEntry *target = nullptr;
        for (auto *tle : pg::each<TargetEntry>(*targets))
            if (equal(tle->expr, column))
                target = tle;
        if (target == nullptr) {
            target = makeTargetEntry(reinterpret_cast<Expr *>(copyObject(column)),
                                     static_cast<AttrNumber>(list_length(*targets) + 1), nullptr, true);
            *targets = lappend(*targets, target);
        }
        if (target->ressortgroupref == 0)
            target->ressortgroupref = next_reference(*targets);
        *order = lappend(*order, sort_clause(exprType(column), target->ressortgroupref));
    }
}

void order_aggregate(Aggref *aggregate, const TieBreakers &ties, List *group_exprs) {
    if (aggregate->aggdistinct != NIL || aggregate->agglevelsup != 0 || !order_sensitive(aggregate))
        return;
    if (aggregate->aggorder == NIL && ties.ordered_input)
        return;
    List *columns = NIL;
    for (Node *column : pg::each<Node>(ties.columns)) // equal within a group: no use for ordering it
        if (!list_member(group_exprs, column))
            columns = lappend(columns, column);
    extend(&aggregate->aggorder, &aggregate->args, columns);
}

// A window that no function refers to any more would only cost a sort.
void drop_unused_windows(Query *query) {
    List *kept = NIL;
    for (auto *window : pg::each<WindowClause>(query->windowClause)) {
        bool used = window->name != nullptr;
        auto visit = [&](Node *node) {
            used = used || (IsA(node, WindowFunc) && castNode(WindowFunc, node)->winref == window->winref);
            return used || IsA(node, SubLink);
        };
        pg::walk(reinterpret_cast<Node *>(query->targetList), visit, false);
        pg::walk(reinterpret_cast<Node *>(query->sortClause), visit, false);
        if (used)
            kept = lappend(kept, window);
    }
    query->windowClause = kept;
    Index number = 0;
    for (auto *window : pg::each<WindowClause>(kept)) {
        Index const old = window->winref;
        window->winref = ++number;
        auto renumber = [&](Node *node) {
            if (IsA(node, WindowFunc) && castNode(WindowFunc, node)->winref == old)
                castNode(WindowFunc, node)->winref = number;
            return IsA(node, SubLink);
        };
        pg::walk(reinterpret_cast<Node *>(query->targetList), renumber, false);
    }
}

// What a window function needs to have one result whatever order equal rows come in.
enum class WindowNeed {
    nothing,      // peers are treated alike, or nothing can be done
    tie_breakers, // its order extended to a total one
    whole_frame,  // no order is given: a total one, with the frame that the missing order meant
};

bool named(const char *name, std::initializer_list<const char *> names) {
    for (const char *candidate : names)
        if (strcmp(name, candidate) == 0)
            return true;
    return false;
}

WindowNeed window_need(const WindowFunc *function, const WindowClause *window) {
    bool const builtin = function->winfnoid < FirstNormalObjectId;
    char *const name = get_func_name(function->winfnoid);
    if (builtin && named(name, {"rank", "dense_rank", "percent_rank", "cume_dist"}))
        return WindowNeed::nothing;
    if (builtin && named(name, {"row_number", "ntile", "lag", "lead"}))
        return WindowNeed::tie_breakers;
    if (builtin && named(name, {"count", "bool_and", "bool_or", "every"}) &&
        !(window->frameOptions & FRAMEOPTION_ROWS))
        return WindowNeed::nothing;
    if (window->frameOptions & FRAMEOPTION_ROWS)
        return WindowNeed::tie_breakers;
    if (window->orderClause == NIL && !(window->frameOptions & FRAMEOPTION_NONDEFAULT))
        return WindowNeed::whole_frame;
    return builtin && strcmp(name, "first_value") == 0 ? WindowNeed::tie_breakers : WindowNeed::nothing;
}

// Functions of one window that need the same get a window of their own; rank() keeps its peers.
void order_windows(Query *query, const TieBreakers &ties) {
    if (query->hasAggs || query->groupClause != NIL)
        return;
    for (WindowNeed const need : {WindowNeed::tie_breakers, WindowNeed::whole_frame})
        for (auto *window : pg::each<WindowClause>(list_copy(query->windowClause))) {
            List *functions = NIL;
            auto visit = [&](Node *node) {
                if (IsA(node, WindowFunc) && castNode(WindowFunc, node)->winref == window->winref &&
                    window_need(castNode(WindowFunc, node), window) == need)
                    functions = lappend(functions, node);
                return IsA(node, SubLink);
            };
            pg::walk(reinterpret_cast<Node *>(query->targetList), visit, false);
            if (functions == NIL)
                continue;
            auto *own = static_cast<WindowClause *>(copyObject(window));
            own->name = nullptr;
            own->refname = nullptr;
            own->copiedOrder = false;
            own->winref = static_cast<Index>(list_length(query->windowClause) + 1);
            if (need == WindowNeed::whole_frame)
                own->frameOptions = FRAMEOPTION_NONDEFAULT | FRAMEOPTION_ROWS | FRAMEOPTION_BETWEEN |
                                    FRAMEOPTION_START_UNBOUNDED_PRECEDING |
                                    FRAMEOPTION_END_UNBOUNDED_FOLLOWING;
            int const ordered = list_length(own->orderClause);
            extend(&own->orderClause, &query->targetList, ties.columns);
            if (list_length(own->orderClause) == ordered)
                continue;
            query->windowClause = lappend(query->windowClause, own);
            for (auto *function : pg::each<WindowFunc>(functions))
                function->winref = own->winref;
        }
    drop_unused_windows(query);
}

void order_level(Query *query) {
    TieBreakers const ties = tie_breakers(query);
    if (query->hasAggs) {
        List *group_exprs = NIL;
        if (query->groupingSets == NIL)
            for (auto *group : pg::each<SortGroupClause>(query->groupClause))
                group_exprs = lappend(group_exprs, get_sortgroupclause_expr(group, query->targetList));
        auto visit = [&](Node *node) {
            if (IsA(node, Aggref))
                order_aggregate(castNode(Aggref, node), ties, group_exprs);
            return IsA(node, SubLink) && castNode(SubLink, node)->testexpr == nullptr;
        };
        pg::walk(reinterpret_cast<Node *>(query->targetList), visit, false);
        pg::walk(query->havingQual, visit, false);
    }
    bool const single_rows = !query->hasAggs && query->groupClause == NIL && query->setOperations == nullptr;
    if (query->hasWindowFuncs)
        order_windows(query, ties);
    bool const limited = is_limited(query);
    if (single_rows && query->hasDistinctOn) {
        // ORDER BY must start with the DISTINCT ON columns.
        for (auto *clause : pg::each<SortGroupClause>(query->distinctClause)) {
            bool present = false;
            for (auto *other : pg::each<SortGroupClause>(query->sortClause))
                present = present || other->tleSortGroupRef == clause->tleSortGroupRef;
            if (!present && OidIsValid(clause->sortop))
                query->sortClause = lappend(query->sortClause, copyObject(clause));
        }
        extend(&query->sortClause, &query->targetList, ties.columns);
    } else if (limited && query->limitOption != LIMIT_OPTION_WITH_TIES) {
        if (single_rows && query->distinctClause == NIL) {
            if (query->sortClause != NIL || !ties.ordered_input)
                extend(&query->sortClause, &query->targetList, ties.columns);
        } else {
            List *columns = NIL;
            for (auto *tle : pg::each<TargetEntry>(query->targetList))
                if (!tle->resjunk && query->setOperations == nullptr &&
                    sortable(exprType(reinterpret_cast<Node *>(tle->expr))))
                    columns = lappend(columns, tle->expr);
            extend(&query->sortClause, &query->targetList, columns);
        }
    }
}

bool query_step(Node *node, void *raw) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query)) {
        visit_query(castNode(Query, node));
        return false;
    }
    return expression_tree_walker(node, TVIEWS_WALKER(query_step), raw);
}

void visit_query(Query *query) {
    (void) query_tree_walker(query, TVIEWS_WALKER(query_step), nullptr, 0);
    order_level(query);
}

} // namespace

Query *canonical(Query *query) {
    visit_query(query);
    // The order of the rows of a table means nothing.
    if (query->sortClause != NIL && !is_limited(query) && !query->hasDistinctOn) {
        query->sortClause = NIL;
        List *kept = NIL;
        for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
            bool wanted = !tle->resjunk;
            auto refers = [&](List *clauses) {
                for (auto *clause : pg::each<SortGroupClause>(clauses))
                    wanted = wanted ||
                             (tle->ressortgroupref != 0 && clause->tleSortGroupRef == tle->ressortgroupref);
            };
            refers(query->groupClause);
            refers(query->distinctClause);
            for (auto *window : pg::each<WindowClause>(query->windowClause)) {
                refers(window->partitionClause);
                refers(window->orderClause);
            }
            if (wanted)
                kept = lappend(kept, tle);
        }
        AttrNumber position = 0;
        for (auto *tle : pg::each<TargetEntry>(kept))
            tle->resno = ++position;
        query->targetList = kept;
    }
    return query;
}

} // namespace tviews::definition
