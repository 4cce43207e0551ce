// definition/partition_paths.cpp - the second way out of a level that ranks or picks rows (see the essay in paths.cpp):
// by the partition of the changed row to all rows of that partition.
#include "definition/expressions.hpp"
#include "definition/path_search.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "nodes/makefuncs.h"
}

namespace tviews::definition {

namespace {

// The exit of a level in terms of the columns of a stand-in rel: output column k of the level is columns[k].
Stop *onward_stop(const Exit &exit, int rel, List *columns) {
    auto rename = [&](List *exprs) {
        List *renamed = NIL;
        for (Node *expr : pg::each<Node>(exprs)) {
            Node *const here = substitute(expr, exit.rel, columns);
            if (here == nullptr)
                return static_cast<List *>(nullptr);
            renamed = lappend(renamed, here);
        }
        return renamed;
    };
    List *const exprs = rename(clause_list(exit));
    if (exprs == NIL)
        return nullptr;
    if (exit.unit != NIL)
        return pg::make_in<Stop>(CurrentMemoryContext, Stop{rel, nullptr, exprs, 0, NIL});
    if (exit.near == nullptr)
        return nullptr;
    auto *hop = pg::make_in<Hop>(CurrentMemoryContext, Hop{rel, exit.near, exprs, nullptr});
    return pg::make_in<Stop>(CurrentMemoryContext, Stop{rel, hop, NIL, exit.near->distance + 1, NIL});
}

bool never_null(const Scope &scope, const Var *column) {
    const Rel &holder = scope.rel(static_cast<int>(column->varno));
    return holder.kind == RelKind::base && !holder.nullable && column->varattno > 0 &&
           pg::column_not_null(holder.rte->relid, column->varattno);
}

} // namespace

// Partition columns and the columns that lead on belong to one base relation: a second look at that relation will do.
// nullptr otherwise.
Stop *Search::partition_alias(Level &level, const Exit &exit, List *columns) {
    if (level.grouped)
        return nullptr;
    int holder = 0;
    if (!bms_get_singleton_member(rels_of(reinterpret_cast<Node *>(columns)), &holder) ||
        scope_.rel(holder).kind != RelKind::base || scope_.rel(holder).nullable)
        return nullptr;
    bool fits = true;
    for (Node *expr : pg::each<Node>(clause_list(exit)))
        for_each_var(expr, [&](Var *var) {
            if (static_cast<int>(var->varno) != exit.rel)
                return;
            if (var->varattno <= 0 || var->varattno > list_length(level.outputs)) {
                fits = false;
                return;
            }
            auto *output = static_cast<Node *>(list_nth(level.outputs, var->varattno - 1));
            int only = 0;
            fits = fits && !has_marker(output) && !contain_aggs_or_windows(output) &&
                   bms_get_singleton_member(rels_of(output), &only) && only == holder;
        });
    if (!fits)
        return nullptr;
    const Rel &original = scope_.rel(holder);
    auto *rel = pg::make_in<Rel>(CurrentMemoryContext);
    rel->kind = RelKind::base;
    rel->rte = original.rte;
    rel->alias = original.alias;
    rel->alias_of = holder;
    int const id = scope_.add(rel);
    auto relabel = [&](Node *expr) {
        auto *copy = static_cast<Node *>(copyObject(expr));
        for_each_var(copy, [&](Var *var) {
            if (static_cast<int>(var->varno) == holder)
                var->varno = id;
        });
        return copy;
    };
    for (Node *filter : pg::each<Node>(original.filters))
        rel->filters = lappend(rel->filters, relabel(filter));
    List *outputs = NIL;
    for (Node *output : pg::each<Node>(level.outputs))
        outputs = lappend(outputs, relabel(output));
    return onward_stop(exit, id, outputs);
}

// Otherwise: partition columns p1.. and the wanted outputs, from the level's own FROM, without ranking or picking.
Stop *Search::partition_rows(Level &level, const Exit &exit, List *originals) {
    auto *query = static_cast<Query *>(copyObject(level.query));
    List *targets = NIL;
    AttrNumber position = 0;
    for (Node *original : pg::each<Node>(originals)) {
        position++;
        targets = lappend(targets, makeTargetEntry(reinterpret_cast<Expr *>(copyObject(original)), position,
                                                   psprintf("p%d", position), false));
    }
    auto *rel = pg::make_in<Rel>(CurrentMemoryContext);
    rel->kind = RelKind::derived;
    rel->query = query;
    rel->covers = &level;
    rel->alias = "rows of the same partition";
    int const id = scope_.add(rel);
    Bitmapset *wanted = nullptr;
    for (Node *expr : pg::each<Node>(clause_list(exit)))
        for_each_var(expr, [&](Var *var) {
            if (static_cast<int>(var->varno) == exit.rel)
                wanted = bms_add_member(wanted, var->varattno);
        });
    List *outputs = NIL;
    for (int column = 1; column <= list_length(level.outputs); column++) {
        auto *output = static_cast<Node *>(list_nth(level.outputs, column - 1));
        AttrNumber source = 0;
        if (bms_is_member(column, wanted)) {
            auto *tle = list_nth_node(TargetEntry, query->targetList, column - 1);
            auto *expr = reinterpret_cast<Node *>(tle->expr);
            if (contain_windows(expr) || (contain_aggs_or_windows(expr) && !level.grouped))
                return nullptr;
            source = ++position;
            targets =
                lappend(targets, makeTargetEntry(tle->expr, position, psprintf("d%d", position), false));
        }
        outputs = lappend(
            outputs, makeVar(id, source, exprType(output), exprTypmod(output), exprCollation(output), 0));
    }
    query->targetList = keep_group_targets(query, targets);
    query->windowClause = NIL;
    query->hasWindowFuncs = false;
    query->distinctClause = NIL;
    query->hasDistinctOn = false;
    query->sortClause = NIL;
    query->hasTargetSRFs = false;
    return onward_stop(exit, id, outputs);
}

void Search::place_partition(Level &level, Stop *onward, List *clauses, List *filters) {
    pg::vector<Exit> exits;
    exits.push_back(Exit{onward->rel, NIL, clauses, onward, filters});
    // The clauses are in terms of the level's rels already: nothing is to be substituted.
    List *const outputs = level.outputs;
    level.outputs = NIL;
    place(level, exits, true);
    level.outputs = outputs;
}

// Both ways out of a level that ranks or picks rows. False when the level has no partition columns to go by.
bool Search::by_partition(Level &level, const pg::vector<Exit> &exits) {
    if (level.partitions.empty() || level.opaque || level.limited || exits.empty() ||
        !self_contained(level.query))
        return false;
    // Columns of the first partition list in which everything else is transparent as well.
    List *columns = NIL;
    List *originals = NIL;
    for (int i = 0; i < list_length(level.partitions[0]); i++) {
        auto *expr = static_cast<Node *>(list_nth(level.partitions[0], i));
        if (IsA(expr, Var) && castNode(Var, expr)->varattno > 0 && level.transparent(scope_, expr)) {
            columns = lappend(columns, expr);
            originals = lappend(originals, list_nth(level.partitions_original[0], i));
        }
    }
    if (columns == NIL)
        return false;
    Stop *onward = partition_alias(level, exits[0], columns);
    bool const alias = onward != nullptr;
    if (!alias)
        onward = partition_rows(level, exits[0], originals);
    if (onward == nullptr)
        return false;
    stop(onward->rel) = onward;

    // Rows with NULL in a partition column form partitions too; they take an exit of their own, so that all others
    // can go by plain equality.
    List *equalities = NIL;
    List *null_clauses = NIL;
    List *null_filters = NIL;
    for (int i = 0; i < list_length(columns); i++) {
        auto *column = castNode(Var, list_nth(columns, i));
        AttrNumber const attno = alias ? column->varattno : static_cast<AttrNumber>(i + 1);
        Var *const other =
            makeVar(onward->rel, attno, column->vartype, column->vartypmod, column->varcollid, 0);
        Node *const equality = equality_clause(column, other);
        if (equality == nullptr)
            return false;
        equalities = lappend(equalities, equality);
        if (never_null(scope_, column))
            continue;
        Node *const both = both_null(column, other);
        null_clauses = lappend(null_clauses, both);
        null_filters = lappend(null_filters, null_test(column));
    }
    place(level, exits, true);
    place_partition(level, onward, equalities, NIL);
    for (int i = 0; i < list_length(null_clauses); i++)
        place_partition(level, onward, list_make1(list_nth(null_clauses, i)),
                        list_make1(list_nth(null_filters, i)));
    place(level, exits, false);
    return true;
}

} // namespace tviews::definition
