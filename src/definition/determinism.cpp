// definition/determinism.cpp - makes a definition's result independent of the order in which rows are read.
//
// jsonb_agg(x) without ORDER BY, ORDER BY ... LIMIT with ties, DISTINCT ON and row_number() over ties leave PostgreSQL
// free to give different answers to the same query. A table that must equal its definition needs one answer, so the
// definition stored in v_<entity> gets what it lacks: rows that the user's own ordering leaves equal are ordered by
// the primary keys of the relations read at that level, or by all that the result can show of them. Any order is a
// correct reading of what the user wrote.
//
// Left alone: aggregates whose result does not depend on the order, those over a subquery that has an ORDER BY of its
// own (the usual way to order several aggregates at once), and WITH TIES.
#include "definition/definition.hpp"

#include "definition/determinism.hpp"
#include "definition/expressions.hpp"
#include "definition/row_order.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/typcache.h"
}

namespace tviews::definition {

namespace {

void visit_query(Query *query);

// Is what is read the ordered result of one subquery or function? A join keeps no order.
bool ordered_input(const Query *query) {
    List *const items = query->jointree->fromlist;
    if (list_length(items) != 1 || !IsA(linitial(items), RangeTblRef))
        return false;
    RangeTblEntry *const rte = rt_fetch(linitial_node(RangeTblRef, items)->rtindex, query->rtable);
    return (rte->rtekind == RTE_SUBQUERY && rte->subquery->sortClause != NIL) ||
           (rte->rtekind == RTE_FUNCTION && !rte->funcordinality); // WITH ORDINALITY makes it a column
}

// Does the result of an aggregate depend on the order of its input? `args`: expressions or target entries.
bool order_sensitive(Oid function, List *args, Oid collation) {
    if (args == NIL)
        return false;
    if (function >= FirstNormalObjectId)
        return true;
    char *const name = get_func_name(function);
    static constexpr const char *sensitive[] = {
        "array_agg", "string_agg", "json_agg", "jsonb_agg", "xmlagg", "json_object_agg", "jsonb_object_agg"};
    for (const char *prefix : sensitive)
        if (strncmp(name, prefix, strlen(prefix)) == 0)
            return true;
    if (strcmp(name, "any_value") == 0)
        return true;
    if (strcmp(name, "count") == 0)
        return false;
    auto *first = static_cast<Node *>(linitial(args));
    Oid const type = exprType(
        IsA(first, TargetEntry) ? reinterpret_cast<Node *>(castNode(TargetEntry, first)->expr) : first);
    // Sums of floating point numbers depend on the order of addition; least and greatest of values that compare
    // equal but look different (1.0 and 1.00) depend on which came first.
    if (type == FLOAT4OID || type == FLOAT8OID)
        return true;
    return (strcmp(name, "min") == 0 || strcmp(name, "max") == 0) &&
           !pg::equal_values_look_equal(type, collation);
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

void order_aggregate(Query *query, Aggref *aggregate, List *group_exprs) {
    if (aggregate->aggkind != AGGKIND_NORMAL || aggregate->aggdistinct != NIL ||
        aggregate->agglevelsup != 0 ||
        !order_sensitive(aggregate->aggfnoid, aggregate->args, aggregate->inputcollid))
        return;
    if (aggregate->aggorder == NIL && ordered_input(query))
        return;
    List *columns = NIL;
    for (Node *column : pg::each<Node>(tie_breakers(query, aggregate->args)))
        if (!list_member(group_exprs, column)) // equal within a group: no use for ordering it
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
    nothing,      // peers are treated alike
    order,        // tie breakers; the frame means nothing to the function
    tie_breakers, // tie breakers within the frame that is given
    whole_frame,  // no order is given: a total one, with the frame that the missing order meant
    total_order,  // it aggregates peers in their order, and only an order without peers gives them one
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
        return WindowNeed::order;
    int const frame = window->frameOptions;
    if (frame & FRAMEOPTION_ROWS)
        return WindowNeed::tie_breakers;
    if (function->winagg && !order_sensitive(function->winfnoid, function->args, function->inputcollid))
        return WindowNeed::nothing;
    if (window->orderClause == NIL && !(frame & FRAMEOPTION_NONDEFAULT))
        return WindowNeed::whole_frame;
    // The rows of these frames, or the one that counts, stay the same when peers are told apart.
    bool const from_first =
        (frame & FRAMEOPTION_START_UNBOUNDED_PRECEDING) && !(frame & FRAMEOPTION_EXCLUSION);
    bool const to_last = (frame & FRAMEOPTION_END_UNBOUNDED_FOLLOWING) && !(frame & FRAMEOPTION_EXCLUSION);
    bool const from_current = (frame & FRAMEOPTION_START_CURRENT_ROW) && !(frame & FRAMEOPTION_EXCLUSION);
    bool const to_current = (frame & FRAMEOPTION_END_CURRENT_ROW) != 0;
    if (from_first && to_last)
        return WindowNeed::tie_breakers;
    if (builtin && strcmp(name, "first_value") == 0 && from_first && to_current)
        return WindowNeed::tie_breakers;
    if (builtin && strcmp(name, "last_value") == 0 && from_current && to_last)
        return WindowNeed::tie_breakers;
    return WindowNeed::total_order;
}

// Does the window leave rows in no order that differ in `columns`?
bool has_peers(Query *query, const WindowClause *window, List *columns) {
    auto *targets = static_cast<List *>(copyObjectImpl(query->targetList));
    List *order = list_concat_copy(window->partitionClause, window->orderClause);
    int const ordered = list_length(order);
    extend(&order, &targets, columns);
    return list_length(order) > ordered;
}

void require_total_order(Query *query, const WindowClause *window, const WindowFunc *function,
                         bool single_rows) {
    bool peers = !single_rows && has_peers(query, window, group_tie_breakers(query));
    List *const used = single_rows ? used_columns(query, function->args) : NIL;
    for (Node *item : pg::each<Node>(query->jointree->fromlist))
        for_each_used(item, used, [&](Index varno) {
            List *const key = key_columns(query, varno);
            peers = peers || ((key == NIL || has_peers(query, window, key)) &&
                              has_peers(query, window, visible_columns(query, varno, used, false)));
        });
    if (peers)
        ereport(
            ERROR, errcode(errors::invalid_select),
            errmsg("window function %s cannot be used in the definition of a TVIEW",
                   get_func_name(function->winfnoid)),
            errdetail(
                "Its result depends on the order of rows that are equal in the ORDER BY of its window."),
            errhint(
                "Let the ORDER BY of the window end in a unique column, or give the window a ROWS frame."));
}

// Functions of one window that need the same get a window of their own; rank() keeps its peers.
void order_windows(Query *query, bool single_rows) {
    List *const columns = single_rows ? tie_breakers(query, query->targetList) : group_tie_breakers(query);
    for (WindowNeed const need :
         {WindowNeed::order, WindowNeed::tie_breakers, WindowNeed::whole_frame, WindowNeed::total_order})
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
            if (need == WindowNeed::total_order) {
                for (auto *function : pg::each<WindowFunc>(functions))
                    require_total_order(query, window, function, single_rows);
                continue;
            }
            auto *own = static_cast<WindowClause *>(copyObject(window));
            own->name = nullptr;
            own->refname = nullptr;
            own->copiedOrder = false;
            own->winref = static_cast<Index>(list_length(query->windowClause) + 1);
            if (need == WindowNeed::order) {
                own->frameOptions = FRAMEOPTION_DEFAULTS;
                own->startOffset = own->endOffset = nullptr;
                own->startInRangeFunc = own->endInRangeFunc = own->inRangeColl = InvalidOid;
            }
            if (need == WindowNeed::whole_frame)
                own->frameOptions = FRAMEOPTION_NONDEFAULT | FRAMEOPTION_ROWS | FRAMEOPTION_BETWEEN |
                                    FRAMEOPTION_START_UNBOUNDED_PRECEDING |
                                    FRAMEOPTION_END_UNBOUNDED_FOLLOWING;
            int const ordered = list_length(own->orderClause);
            extend(&own->orderClause, &query->targetList, columns);
            if (list_length(own->orderClause) == ordered)
                continue;
            query->windowClause = lappend(query->windowClause, own);
            for (auto *function : pg::each<WindowFunc>(functions))
                function->winref = own->winref;
        }
    drop_unused_windows(query);
}

// The columns of the result, as far as it can be ordered by them.
List *result_columns(Query *query) {
    bool const only_them = query->setOperations != nullptr || query->distinctClause != NIL;
    List *columns = NIL;
    for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
        auto *const expr = reinterpret_cast<Node *>(tle->expr);
        if (tle->resjunk)
            continue;
        if (!only_them)
            add_image(&columns, expr);
        else if (sortable(exprType(expr)))
            columns = lappend(columns, expr);
    }
    return columns;
}

void order_level(Query *query) {
    if (query->hasAggs) {
        List *const group_exprs = query->groupingSets == NIL ? grouping(query) : NIL;
        auto visit = [&](Node *node) {
            if (IsA(node, Aggref))
                order_aggregate(query, castNode(Aggref, node), group_exprs);
            return IsA(node, SubLink) && castNode(SubLink, node)->testexpr == nullptr;
        };
        pg::walk(reinterpret_cast<Node *>(query->targetList), visit, false);
        pg::walk(query->havingQual, visit, false);
    }
    bool const single_rows = !query->hasAggs && query->groupClause == NIL && query->groupingSets == NIL &&
                             query->setOperations == nullptr;
    if (query->hasWindowFuncs)
        order_windows(query, single_rows);
    bool const limited = is_limited(query);
    if (query->hasDistinctOn) {
        // ORDER BY must start with the DISTINCT ON columns.
        for (auto *clause : pg::each<SortGroupClause>(query->distinctClause)) {
            bool present = false;
            for (auto *other : pg::each<SortGroupClause>(query->sortClause))
                present = present || other->tleSortGroupRef == clause->tleSortGroupRef;
            if (!present && OidIsValid(clause->sortop))
                query->sortClause = lappend(query->sortClause, copyObject(clause));
        }
        extend(&query->sortClause, &query->targetList,
               single_rows ? tie_breakers(query, query->targetList) : group_tie_breakers(query));
    } else if (limited && query->limitOption != LIMIT_OPTION_WITH_TIES) {
        if (!single_rows || query->distinctClause != NIL)
            extend(&query->sortClause, &query->targetList, result_columns(query));
        else if (query->sortClause != NIL || !ordered_input(query))
            extend(&query->sortClause, &query->targetList, tie_breakers(query, query->targetList));
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
    represent_groups(query);
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
