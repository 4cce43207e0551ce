// definition/paths.cpp - finds, for every source, the way from a changed row to the affected keys.
//
// The essay. affected(r) is the set of keys whose rows may change when row r of a source appears, vanishes or gets
// other values. If every combination of rows in which r matters satisfies a conjunct c(r, m) with a row m of another
// source, then affected(r) is contained in the union of affected(m) over the rows m that satisfy c: this is one hop,
// and hops compose until a source is reached whose rows carry the key. Over-approximation is harmless, so a hop may
// use any one conjunct; old and new values of a changed row both start a walk. Rows on the way are looked up in the
// current state: if one of them changed as well it starts a walk of its own, nearer to the key, so take the changed
// row nearest to the key and its way is unchanged.
//
// A level that groups, ranks or cuts rows lets a change reach rows that the changed row is no part of. Such a
// change leaves the level only through columns in which the level is transparent (grouping columns, columns that all
// windows partition by, DISTINCT ON columns), or through a correlation, because a correlated level is computed for
// each outer row by itself. When the way out uses other columns but the level has partition columns, a change goes
// two ways: directly, for the row combinations it is part of, and by its partition to all rows of that partition
// (a derived stop reads them from the level's FROM clause).
//
// place() runs this search over one level with the exits given, nearest first, equalities before anything else, and
// descends into the levels below. What no path reaches is marked "all keys" with the reason.
#include "definition/path_search.hpp"

#include "definition/expressions.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "rewrite/rewriteManip.h"
}

namespace tviews::definition {

// Where the rows that `clause` relates to `far` are: the routed rel in it that is nearest to the key. `rewritten` is
// the clause in terms of that stop.
Stop *Search::near_for(Node *clause, int far, Node **rewritten, int *cost) {
    Bitmapset *rels = bms_del_member(rels_of(clause), far);
    // A function's rows come with the rows of the rels in its arguments.
    Bitmapset *closure = bms_copy(rels);
    int id = -1;
    bool function = false;
    while ((id = bms_next_member(rels, id)) >= 0)
        if (scope_.rel(id).kind == RelKind::func) {
            closure = bms_add_members(closure, bms_del_member(bms_copy(scope_.rel(id).depends), far));
            function = true;
        }
    Stop *best = nullptr;
    Node *best_clause = nullptr;
    int others = 0;
    id = -1;
    while ((id = bms_next_member(closure, id)) >= 0) {
        const Rel &rel = scope_.rel(id);
        if (rel.kind == RelKind::func)
            continue;
        others++;
        Node *here = clause;
        Stop *candidate = stop(id);
        if (rel.kind == RelKind::sub)
            candidate = inner_stop(id, clause, &here);
        if (candidate != nullptr && rel.nullable && rel.level != scope_.rel(far).level &&
            !bms_is_member(id, find_nonnullable_rels(clause)))
            candidate = nullptr; // the clause may hold for rows that an outer join filled up with NULLs
        if (candidate != nullptr && (best == nullptr || candidate->distance < best->distance)) {
            best = candidate;
            best_clause = here;
        }
    }
    if (best == nullptr)
        return nullptr;
    // Helper relations are read as they are: only plain ones of levels in reach qualify.
    id = -1;
    Bitmapset *const final_rels = rels_of(best_clause);
    while ((id = bms_next_member(final_rels, id)) >= 0)
        if (id != far && id != best->rel && scope_.rel(id).kind == RelKind::sub)
            return nullptr;
    *rewritten = best_clause;
    Var *far_column = nullptr;
    Var *near_column = nullptr;
    Oid equality = InvalidOid;
    Oid collation = InvalidOid;
    if (!function && others == 1 &&
        hash_equality(best_clause, far, best->rel, &far_column, &near_column, &equality, &collation))
        *cost = cost_equality;
    else
        *cost = others == 1 ? cost_other : cost_other + cost_helper;
    *cost += best->distance * 2;
    if (scope_.rel(best->rel).kind != RelKind::base)
        *cost += cost_helper;
    return best;
}

// A sub rel as near side: preferably the relation inside whose column the clause compares, else the whole subquery.
Stop *Search::inner_stop(int id, Node *clause, Node **rewritten) {
    Rel &rel = scope_.rel(id);
    if (stop(id) == nullptr)
        return nullptr;
    if (!rel.sub->set_operation && !rel.sub->opaque) {
        Node *const inner = substitute(clause, id, rel.sub->outputs);
        if (inner != nullptr && !has_marker(inner) && !contain_aggs_or_windows(inner)) {
            Bitmapset *const before = rels_of(clause);
            Bitmapset *const added = bms_difference(rels_of(inner), before);
            int only = 0;
            if (bms_get_singleton_member(added, &only)) {
                const Rel &target = scope_.rel(only);
                if (target.kind == RelKind::sub) {
                    Stop *const deeper = inner_stop(only, inner, rewritten);
                    if (deeper != nullptr)
                        return deeper;
                } else if (target.kind == RelKind::base && stop(only) != nullptr) {
                    *rewritten = inner;
                    return stop(only);
                }
            }
        }
    }
    if (!self_contained(rel.query))
        return nullptr;
    *rewritten = clause;
    return stop(id);
}

bool Search::self_contained(Query *query) const { return query != nullptr && !reads_outer_levels(query); }

// Conjuncts with `rel` on the far side.
void Search::consider_clauses(int rel, List *clauses, Candidate &best) {
    // Equalities to the same stop travel together, and so do other conditions when there is no equality.
    for (Node *clause : pg::each<Node>(clauses)) {
        Node *rewritten = nullptr;
        int cost = 0;
        Stop *const near = near_for(clause, rel, &rewritten, &cost);
        if (near == nullptr || near->rel == rel)
            continue;
        Candidate candidate;
        candidate.near = near;
        candidate.clauses = list_make1(rewritten);
        candidate.cost = cost;
        List *columns = NIL;
        Hop probe{rel, near, candidate.clauses, nullptr};
        if (!link_columns(scope_, probe, &columns) || columns == NIL)
            continue;
        for (Node *other : pg::each<Node>(clauses)) {
            Node *other_rewritten = nullptr;
            int other_cost = 0;
            if (other == clause || near_for(other, rel, &other_rewritten, &other_cost) != near ||
                other_cost != cost)
                continue;
            probe.clauses = list_make1(other_rewritten);
            if (link_columns(scope_, probe, &columns) && columns != NIL)
                candidate.clauses = lappend(candidate.clauses, other_rewritten);
        }
        if (better(candidate, best))
            best = candidate;
    }
}

void Search::consider_exit(int rel, const Exit &exit, Level &level, Candidate &best) {
    if (exit.unit != NIL) {
        List *exprs = NIL;
        for (Node *expr : pg::each<Node>(exit.unit)) {
            Node *const inner = exit.rel == rel ? expr : substitute(expr, exit.rel, level.outputs);
            int only = 0;
            if (inner == nullptr || has_marker(inner) || contain_aggs_or_windows(inner) ||
                !bms_get_singleton_member(rels_of(inner), &only) || only != rel)
                return;
            exprs = lappend(exprs, inner);
        }
        if (scope_.rel(rel).kind == RelKind::func)
            return;
        Candidate candidate;
        candidate.key = pg::make_in<Stop>(CurrentMemoryContext, Stop{rel, nullptr, exprs, 0, NIL});
        candidate.cost = -1;
        if (better(candidate, best))
            best = candidate;
        return;
    }
    List *usable = NIL;
    for (Node *clause : pg::each<Node>(exit.clauses)) {
        Node *const inner = substitute(clause, exit.rel, level.outputs);
        if (inner == nullptr || has_marker(inner) || contain_aggs_or_windows(inner))
            continue;
        Bitmapset *const rels = rels_of(inner);
        int id = -1;
        int here = 0;
        while ((id = bms_next_member(rels, id)) >= 0)
            if (id != rel && scope_.rel(id).level == &level)
                here++;
        if (!bms_is_member(rel, rels) || here > 0)
            continue;
        usable = lappend(usable, inner);
    }
    Candidate candidate;
    consider_clauses(rel, usable, candidate);
    candidate.filters = exit.filters;
    if (better(candidate, best))
        best = candidate;
}

// For a rel beside a lateral subquery: the subquery's own conjuncts may link it to rows inside.
void Search::consider_inner(int rel, Level &level, Candidate &best) {
    for (int id : level.rels) {
        const Rel &other = scope_.rel(id);
        if (id == rel || other.kind != RelKind::sub || stop(id) == nullptr || other.sub->set_operation ||
            other.nullable)
            continue;
        List *clauses = NIL;
        for (const Conjunct &conjunct : other.sub->conjuncts)
            if (bms_is_member(rel, conjunct.rels) && bms_num_members(conjunct.rels) == 2)
                clauses = lappend(clauses, conjunct.clause);
        consider_clauses(rel, clauses, best);
    }
}

// Is a lateral subquery linked to an outer level that has a way to the key?
bool Search::correlated(Level &inner, Candidate &best) {
    for (const Conjunct &conjunct : inner.conjuncts) {
        int id = -1;
        while ((id = bms_next_member(conjunct.rels, id)) >= 0) {
            const Rel &rel = scope_.rel(id);
            if (rel.level != &inner && stop(id) != nullptr && rel.kind != RelKind::func) {
                Level *up = inner.parent;
                while (up != nullptr && up != rel.level)
                    up = up->parent;
                if (up != nullptr) {
                    Candidate candidate;
                    candidate.near = stop(id);
                    candidate.clauses = NIL;
                    candidate.cost = cost_other * 2 + stop(id)->distance;
                    if (better(candidate, best))
                        best = candidate;
                }
            }
        }
    }
    for (int id : inner.rels)
        if (scope_.rel(id).kind == RelKind::sub && !scope_.rel(id).sub->set_operation)
            (void) correlated(*scope_.rel(id).sub, best);
    return best.near != nullptr;
}

// Records how `rel` was reached and makes it a stop for others.
void Search::take(int rel, const Candidate &candidate) {
    if (candidate.key != nullptr) {
        stop(rel) = candidate.key;
    } else {
        Hop *hop = nullptr;
        if (candidate.clauses != NIL)
            hop =
                pg::make_in<Hop>(CurrentMemoryContext, Hop{rel, candidate.near, candidate.clauses, nullptr});
        stop(rel) = pg::make_in<Stop>(CurrentMemoryContext,
                                      Stop{rel, hop, NIL, candidate.near->distance + 1, candidate.filters});
    }
    const Rel &reached = scope_.rel(rel);
    if (reached.kind == RelKind::sub && !reached.sub->set_operation && !reached.sub->opaque) {
        // Put stops inside as well: rows of this level are linked through the relations whose columns they show.
        pg::vector<Exit> exits;
        if (candidate.key != nullptr)
            exits.push_back(Exit{rel, candidate.key->unit, NIL, nullptr, NIL});
        else if (candidate.clauses != NIL)
            exits.push_back(Exit{rel, NIL, candidate.clauses, candidate.near, NIL});
        place(*reached.sub, exits, false);
    }
}

// The search over one level: takes the cheapest way for one rel after another until nothing is left to reach.
void Search::route(Level &level, const pg::vector<Exit> &exits) {
    for (int id : level.rels)
        stop(id) = nullptr;
    for (;;) {
        Candidate best;
        int best_rel = 0;
        for (int id : level.rels) {
            const Rel &rel = scope_.rel(id);
            if (stop(id) != nullptr || rel.kind == RelKind::func)
                continue;
            Candidate candidate;
            for (const Exit &exit : exits)
                consider_exit(id, exit, level, candidate);
            List *clauses = NIL;
            for (const Conjunct &conjunct : level.conjuncts)
                if (bms_is_member(id, conjunct.far) && bms_num_members(conjunct.rels) > 1)
                    clauses = lappend(clauses, conjunct.clause);
            consider_clauses(id, clauses, candidate);
            consider_inner(id, level, candidate);
            if (candidate.near == nullptr && candidate.key == nullptr && rel.kind == RelKind::sub &&
                !rel.sub->set_operation)
                (void) correlated(*rel.sub, candidate);
            if (better(candidate, best)) {
                best = candidate;
                best_rel = id;
            }
        }
        if (best_rel == 0)
            return;
        take(best_rel, best);
        if (static_cast<std::size_t>(best_rel) >= routed_.size())
            routed_.resize(static_cast<std::size_t>(best_rel) + 1);
        routed_[static_cast<std::size_t>(best_rel)] = best;
    }
}

void Search::place(Level &level, const pg::vector<Exit> &exits, bool record) {
    route(level, exits);
    if (record)
        descend(level, exits);
}

// Everything below a level that cannot be followed.
void Search::all_keys(Level &level, const char *reason) {
    for (Level *leaf : level.leaves)
        all_keys(*leaf, reason);
    for (int id : level.rels) {
        const Rel &rel = scope_.rel(id);
        stop(id) = nullptr;
        if (rel.kind == RelKind::base) {
            Role role{id};
            role.reason = reason;
            paths_.roles.push_back(role);
        } else if (rel.kind == RelKind::sub) {
            all_keys(*rel.sub, reason);
        }
    }
    for (const Sublink &sublink : level.sublinks)
        all_keys(*sublink.level, reason);
}

// The roles of a routed level's own relations, then the levels below it.
void Search::descend(Level &level, const pg::vector<Exit> &exits) {
    // Levels below are placed after all rels of this one have their stops; copies, because placing overwrites.
    struct Reached {
        int rel;
        Candidate how;
        bool found;
    };
    pg::vector<Reached> reached;
    for (int id : level.rels) {
        bool const found = stop(id) != nullptr;
        reached.push_back(Reached{id, found ? routed_[static_cast<std::size_t>(id)] : Candidate{}, found});
    }
    for (const Reached &entry : reached) {
        const Rel &rel = scope_.rel(entry.rel);
        if (rel.kind != RelKind::base)
            continue;
        Role role{entry.rel};
        Stop *const here = stop(entry.rel);
        if (here == nullptr)
            role.reason = exits.empty() ? level.barrier_reason() : "no condition links it to the key";
        else if (here->next == nullptr)
            role.key = here;
        else
            role.toward = here->next;
        if (here != nullptr)
            role.filters = here->filters;
        paths_.roles.push_back(role);
    }
    for (const Reached &entry : reached) {
        const Rel &rel = scope_.rel(entry.rel);
        if (rel.kind != RelKind::sub)
            continue;
        pg::vector<Exit> inner;
        if (entry.found && entry.how.key != nullptr)
            inner.push_back(Exit{entry.rel, entry.how.key->unit, NIL, nullptr, NIL});
        else if (entry.found && entry.how.clauses != NIL)
            inner.push_back(Exit{entry.rel, NIL, entry.how.clauses, entry.how.near, NIL});
        enter(*rel.sub, inner);
        if (entry.found && !rel.sub->set_operation && !rel.sub->opaque)
            place(*rel.sub, inner, false); // the stops that rows of this level are looked up by
    }
    place_sublinks(level);
}

void Search::place_sublinks(Level &level) {
    for (std::size_t i = 0; i < level.sublinks.size(); i++) {
        const Sublink sublink = level.sublinks[i];
        pg::vector<Exit> exits;
        if (sublink.test != nullptr && sublink.use == SublinkUse::qual && !sublink.level->limited) {
            // x IN (sub-select) as a condition: a row of the sub-select matters where the test holds.
            List *clauses = IsA(sublink.test, BoolExpr) ? castNode(BoolExpr, sublink.test)->args
                                                        : list_make1(sublink.test);
            bool const conjunction = !IsA(sublink.test, BoolExpr) || is_andclause(sublink.test);
            for (Node *clause : pg::each<Node>(conjunction ? clauses : NIL)) {
                // The near side must be in place: the cheapest way is found like any other.
                if (!has_marker(clause))
                    exits.push_back(Exit{sublink.rel, NIL, list_make1(clause), nullptr, NIL});
            }
        }
        enter(*sublink.level, exits);
    }
}

// The part of an exit that uses columns in which the level is transparent. A key exit is usable whole or not at all.
bool Search::exit_transparent(const Level &level, const Exit &exit, Exit *usable) const {
    *usable = exit;
    usable->clauses = NIL;
    for (Node *expr : pg::each<Node>(clause_list(exit))) {
        bool fine = true;
        for_each_var(expr, [&](Var *var) {
            if (static_cast<int>(var->varno) != exit.rel)
                return;
            if (var->varattno <= 0 || var->varattno > list_length(level.outputs) ||
                !level.transparent(scope_, static_cast<Node *>(list_nth(level.outputs, var->varattno - 1))))
                fine = false;
        });
        if (exit.unit != NIL && !fine)
            return false;
        if (exit.unit == NIL && fine)
            usable->clauses = lappend(usable->clauses, expr);
    }
    return exit.unit != NIL || usable->clauses != NIL;
}

void Search::enter(Level &level, const pg::vector<Exit> &exits) {
    if (level.opaque) {
        all_keys(level, level.barrier_reason());
        return;
    }
    if (level.set_operation) {
        for (Level *leaf : level.leaves)
            if (level.limited)
                enter(*leaf, pg::vector<Exit>());
            else
                enter(*leaf, exits);
        return;
    }
    pg::vector<Exit> usable;
    for (const Exit &exit : exits) {
        Exit part{};
        if (exit_transparent(level, exit, &part))
            usable.push_back(part);
    }
    if (usable.empty() && by_partition(level, exits))
        return;
    place(level, usable, true);
}

Paths *find_paths(Scope &scope, List *unit) {
    auto *paths = pg::make_in<Paths>(CurrentMemoryContext);
    Search search(scope, *paths);
    pg::vector<Exit> exits;
    if (unit != NIL)
        exits.push_back(Exit{0, unit, NIL, nullptr, NIL});
    search.enter(*scope.top, exits);
    return paths;
}

} // namespace tviews::definition
