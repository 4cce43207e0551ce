// definition/scope.cpp - builds the flat model of a definition (see scope.hpp).
//
// Two passes over each level: first every FROM item gets its rel number or dissolves, then the join tree is walked
// with the set of rels that later conditions force to be present, which turns outer joins into inner ones where
// PostgreSQL's planner would. A conjunct may stand on the far side only for rels inside the innermost side of an
// outer join that it belongs to: rows there matter through it, rows outside matter without it.
#include "definition/scope.hpp"

#include "definition/checks.hpp"
#include "definition/determinism.hpp"
#include "definition/expressions.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "optimizer/clauses.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
}

namespace tviews::definition {

int Scope::add(Rel *rel) {
    rel->id = static_cast<int>(rels.size());
    rels.push_back(rel);
    return rel->id;
}

Query *expand_relation(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_RELATION || get_rel_relkind(rte->relid) != RELKIND_VIEW)
        return nullptr;
    Relation const view = relation_open(rte->relid, AccessShareLock);
    auto *query = static_cast<Query *>(copyObject(get_view_query(view)));
    relation_close(view, NoLock);
    inline_ctes(query);
    return query;
}

namespace {

struct Binding {
    int rel = 0;              // a rel of its own, or
    List *substitution = NIL; // the outputs of a dissolved subquery, by resno
    struct Frame *inner = nullptr;
    bool done = false;
};

// One Query of the tree while it is being built; frames mirror the nesting of Queries, also of dissolved ones.
struct Frame {
    Query *query;
    Frame *parent;
    Level *level; // that owns the rels
    pg::vector<Binding> bindings;
};

// What a part of the join tree contributes.
struct Piece {
    Bitmapset *rels = nullptr;
    Bitmapset *nullable = nullptr;
};

bool dissolves(const Query *query) {
    return !query->hasAggs && query->groupClause == NIL && query->groupingSets == NIL &&
           query->havingQual == nullptr && !query->hasWindowFuncs && !query->hasTargetSRFs &&
           query->distinctClause == NIL && !is_limited(query) && query->setOperations == nullptr &&
           query->rowMarks == NIL && query->cteList == NIL && query->jointree->fromlist != NIL;
}

class Builder {
  public:
    explicit Builder(Scope &scope) : scope_(scope) {}

    Level *level(Query *query, Frame *parent_frame, Level *parent, Bitmapset *forced_outputs, bool opaque);

  private:
    void bind(Frame &frame, int index);
    void bind_subquery(Frame &frame, Binding &binding, RangeTblEntry *rte, Query *query, Frame *parent,
                       bool opaque);
    void fill_outputs(Frame &frame);
    Piece join_tree(Frame &frame, Node *node, Bitmapset *forced);
    Piece from_items(Frame &frame, List *items, Node *quals, Bitmapset *forced);
    Bitmapset *subtree_rels(Frame &frame, Node *node);
    List *conjuncts(Frame &frame, Node *quals);
    void add_conjuncts(Level &level, List *clauses, Bitmapset *nullable, Bitmapset *must_touch);
    void confine(Level &level, std::size_t first, Bitmapset *rels);
    Node *global(Frame &frame, Node *node, SublinkUse use = SublinkUse::value);
    Node *resolve(Frame &frame, Var *var);
    Node *sublink(Frame &frame, SubLink *link, SublinkUse use);

    struct Mutation {
        Builder *self;
        Frame *frame;
    };
    static Node *mutate(Node *node, void *raw);

    Scope &scope_;
};

Node *Builder::mutate(Node *node, void *raw) {
    auto *mutation = static_cast<Mutation *>(raw);
    if (node == nullptr)
        return nullptr;
    if (IsA(node, Var))
        return mutation->self->resolve(*mutation->frame, castNode(Var, node));
    if (IsA(node, SubLink))
        return mutation->self->sublink(*mutation->frame, castNode(SubLink, node), SublinkUse::value);
    return expression_tree_mutator(node, TVIEWS_MUTATOR(&Builder::mutate), raw);
}

Node *Builder::global(Frame &frame, Node *node, SublinkUse use) {
    if (node != nullptr && IsA(node, SubLink))
        return sublink(frame, castNode(SubLink, node), use);
    Mutation mutation{this, &frame};
    return mutate(node, &mutation);
}

// Finds what a column reference stands for, through joins, dissolved subqueries and outer levels.
Node *Builder::resolve(Frame &start, Var *var) {
    Frame *frame = &start;
    for (Index up = 0; up < var->varlevelsup; up++)
        frame = frame->parent;
    RangeTblEntry *const rte = rt_fetch(var->varno, frame->query->rtable);
    if (rte->rtekind == RTE_JOIN) {
        if (var->varattno == 0) {
            auto *row = makeNode(RowExpr);
            for (Node *column : pg::each<Node>(rte->joinaliasvars))
                if (column != nullptr)
                    row->args = lappend(row->args, global(*frame, column));
            row->row_typeid = RECORDOID;
            row->row_format = COERCE_IMPLICIT_CAST;
            row->location = -1;
            return reinterpret_cast<Node *>(row);
        }
        return global(*frame, static_cast<Node *>(list_nth(rte->joinaliasvars, var->varattno - 1)));
    }
    if (pg::is_group_rte(rte))
        return global(*frame, static_cast<Node *>(list_nth(pg::group_expressions(rte), var->varattno - 1)));
    bind(*frame, static_cast<int>(var->varno));
    const Binding &binding = frame->bindings[var->varno];
    if (binding.rel == 0) {
        if (var->varattno > 0)
            return static_cast<Node *>(copyObject(list_nth(binding.substitution, var->varattno - 1)));
        auto *row = makeNode(RowExpr);
        row->args = static_cast<List *>(copyObject(binding.substitution));
        row->row_typeid = var->vartype;
        row->row_format = COERCE_IMPLICIT_CAST;
        row->location = -1;
        return reinterpret_cast<Node *>(row);
    }
    const Rel &rel = scope_.rel(binding.rel);
    if (rel.kind == RelKind::base && var->varattno > 0) {
        Node *const expression = pg::virtual_column_expression(rel.rte->relid, var->varattno, binding.rel);
        if (expression != nullptr)
            return expression;
    }
    auto *copy = static_cast<Var *>(copyObject(var));
    pg::plain_var(copy);
    copy->varno = binding.rel;
    copy->varlevelsup = 0;
    return reinterpret_cast<Node *>(copy);
}

// A sub-select becomes a level of its own; a marker takes its place in the expression.
Node *Builder::sublink(Frame &frame, SubLink *link, SublinkUse use) {
    auto *query = castNode(Query, link->subselect);
    Level *const inner = level(query, &frame, frame.level, nullptr, false);
    auto *rel = pg::make_in<Rel>(CurrentMemoryContext);
    rel->kind = RelKind::sub;
    rel->sub = inner;
    rel->query = query;
    rel->level = frame.level;
    rel->alias = "sub-select";
    scope_.add(rel);
    Node *test = nullptr;
    if (link->testexpr != nullptr) {
        test = global(frame, link->testexpr);
        test = replace_sublink_params(test, rel->id);
        inner->roots = lappend(inner->roots, test);
    }
    if (link->subLinkType != ANY_SUBLINK)
        test = nullptr;
    frame.level->sublinks.push_back(Sublink{inner, test, rel->id, use});
    if (link->subLinkType != EXISTS_SUBLINK)
        inner->roots = list_concat(inner->roots, output_exprs(inner));
    return marker_for(reinterpret_cast<Node *>(link), rel->id);
}

void Builder::bind_subquery(Frame &frame, Binding &binding, RangeTblEntry *rte, Query *query, Frame *parent,
                            bool opaque) {
    if (!opaque && dissolves(query)) {
        check_query(query);
        auto *inner = pg::make_in<Frame>(CurrentMemoryContext, Frame{query, parent, frame.level, {}});
        inner->bindings.resize(static_cast<std::size_t>(list_length(query->rtable)) + 1);
        binding.inner = inner;
        binding.done = true; // before its expressions: they cannot refer to it, but keep the recursion finite
        // Number the inner items first, so that dissolved names resolve in order of appearance.
        subtree_rels(*inner, reinterpret_cast<Node *>(query->jointree));
        for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
            Node *const output = global(*inner, reinterpret_cast<Node *>(tle->expr));
            binding.substitution = lappend(binding.substitution, output);
            if (tle->resjunk || tle->ressortgroupref != 0) // aggregates may take rows in this order
                frame.level->roots = lappend(frame.level->roots, output);
        }
        return;
    }
    auto *rel = pg::make_in<Rel>(CurrentMemoryContext);
    rel->kind = RelKind::sub;
    rel->rte = static_cast<RangeTblEntry *>(copyObject(rte));
    if (rte->rtekind == RTE_RELATION) { // a view
        rel->rte->rtekind = RTE_SUBQUERY;
        rel->rte->subquery = query;
        rel->rte->relid = InvalidOid;
    }
    rel->query = static_cast<Query *>(copyObject(query));
    rel->level = frame.level;
    rel->alias = rte->eref->aliasname;
    binding.rel = scope_.add(rel);
    binding.done = true;
    rel->sub = level(query, parent, frame.level, nullptr, opaque);
    frame.level->rels.push_back(binding.rel);
}

// Gives the FROM item `index` of a frame its rel number, or dissolves it.
void Builder::bind(Frame &frame, int index) {
    Binding &slot = frame.bindings[static_cast<std::size_t>(index)];
    if (slot.done)
        return;
    Binding binding;
    RangeTblEntry *const rte = rt_fetch(index, frame.query->rtable);
    switch (rte->rtekind) {
    case RTE_SUBQUERY:
        bind_subquery(frame, binding, rte, rte->subquery, &frame, frame.level->opaque);
        break;
    case RTE_RELATION: {
        check_relation(rte);
        Query *const view = expand_relation(rte);
        if (view != nullptr) {
            bind_subquery(frame, binding, rte, view, nullptr, frame.level->opaque);
            break;
        }
        auto *rel = pg::make_in<Rel>(CurrentMemoryContext);
        rel->kind = RelKind::base;
        rel->rte = static_cast<RangeTblEntry *>(copyObject(rte));
        rel->level = frame.level;
        rel->alias = rte->eref->aliasname;
        binding.rel = scope_.add(rel);
        frame.level->rels.push_back(binding.rel);
        break;
    }
    case RTE_CTE: {
        // Only recursive ones are left.
        Frame *owner = &frame;
        for (Index up = 0; up < rte->ctelevelsup; up++)
            owner = owner->parent;
        if (!rte->self_reference) {
            for (auto *cte : pg::each<CommonTableExpr>(owner->query->cteList))
                if (strcmp(cte->ctename, rte->ctename) == 0)
                    bind_subquery(frame, binding, rte, castNode(Query, cte->ctequery), owner, true);
            break;
        }
        auto *rel = pg::make_in<Rel>(CurrentMemoryContext);
        rel->kind = RelKind::func;
        rel->rte = static_cast<RangeTblEntry *>(copyObject(rte));
        rel->level = frame.level;
        rel->alias = rte->eref->aliasname;
        binding.rel = scope_.add(rel);
        frame.level->rels.push_back(binding.rel);
        break;
    }
    default: {
        auto *rel = pg::make_in<Rel>(CurrentMemoryContext);
        rel->kind = RelKind::func;
        rel->rte = static_cast<RangeTblEntry *>(copyObject(rte));
        rel->level = frame.level;
        rel->alias = rte->eref->aliasname;
        rel->rte->functions = castNode(List, global(frame, reinterpret_cast<Node *>(rte->functions)));
        rel->rte->values_lists = castNode(List, global(frame, reinterpret_cast<Node *>(rte->values_lists)));
        rel->rte->tablefunc =
            reinterpret_cast<TableFunc *>(global(frame, reinterpret_cast<Node *>(rte->tablefunc)));
        Node *const parts = reinterpret_cast<Node *>(
            list_make3(rel->rte->functions, rel->rte->values_lists, rel->rte->tablefunc));
        rel->depends = rels_of(parts);
        frame.level->roots = lappend(frame.level->roots, parts);
        binding.rel = scope_.add(rel);
        frame.level->rels.push_back(binding.rel);
    }
    }
    binding.done = true;
    frame.bindings[static_cast<std::size_t>(index)] = binding;
}

Bitmapset *Builder::subtree_rels(Frame &frame, Node *node) {
    if (IsA(node, RangeTblRef)) {
        int const index = castNode(RangeTblRef, node)->rtindex;
        bind(frame, index);
        const Binding &binding = frame.bindings[static_cast<std::size_t>(index)];
        if (binding.inner != nullptr)
            return subtree_rels(*binding.inner, reinterpret_cast<Node *>(binding.inner->query->jointree));
        return bms_make_singleton(binding.rel);
    }
    Bitmapset *rels = nullptr;
    if (IsA(node, FromExpr)) {
        for (Node *item : pg::each<Node>(castNode(FromExpr, node)->fromlist))
            rels = bms_add_members(rels, subtree_rels(frame, item));
        return rels;
    }
    auto *join = castNode(JoinExpr, node);
    rels = subtree_rels(frame, join->larg);
    return bms_add_members(rels, subtree_rels(frame, join->rarg));
}

// The top-level conjuncts of a condition, in global form.
List *Builder::conjuncts(Frame &frame, Node *quals) {
    if (quals == nullptr)
        return NIL;
    if (IsA(quals, List)) {
        List *all = NIL;
        for (Node *part : pg::each<Node>(castNode(List, quals)))
            all = list_concat(all, conjuncts(frame, part));
        return all;
    }
    if (is_andclause(quals)) {
        List *all = NIL;
        for (Node *part : pg::each<Node>(castNode(BoolExpr, quals)->args))
            all = list_concat(all, conjuncts(frame, part));
        return all;
    }
    if (is_notclause(quals)) {
        auto *argument = static_cast<Node *>(linitial(castNode(BoolExpr, quals)->args));
        if (IsA(argument, SubLink))
            return list_make1(sublink(frame, castNode(SubLink, argument), SublinkUse::negated));
    }
    Node *const clause = global(frame, quals, SublinkUse::qual);
    frame.level->roots = lappend(frame.level->roots, clause);
    return list_make1(clause);
}

void Builder::add_conjuncts(Level &level, List *clauses, Bitmapset *nullable, Bitmapset *must_touch) {
    for (Node *clause : pg::each<Node>(clauses)) {
        Bitmapset *const rels = rels_of(clause);
        for_each_var(clause, [&](Var *var) {
            Rel &rel = scope_.rel(static_cast<int>(var->varno));
            if (rel.kind == RelKind::base)
                rel.path = bms_add_member(rel.path, var->varattno - FirstLowInvalidHeapAttributeNumber);
        });
        if (bms_is_empty(rels) || has_marker(clause) || contain_volatile_functions(clause))
            continue;
        if (must_touch != nullptr && !bms_overlap(rels, must_touch))
            continue;
        Bitmapset *const strict = find_nonnullable_rels(clause);
        bool usable = true;
        int id = -1;
        while ((id = bms_next_member(rels, id)) >= 0) {
            const Rel &rel = scope_.rel(id);
            bool const may_be_null = rel.level == &level ? bms_is_member(id, nullable) : rel.nullable;
            if (may_be_null && !bms_is_member(id, strict))
                usable = false;
        }
        if (!usable)
            continue;
        level.conjuncts.push_back(Conjunct{clause, rels, nullptr});
    }
}

// Conjuncts from `first` on that are not confined yet: their far side lies within `rels`.
void Builder::confine(Level &level, std::size_t first, Bitmapset *rels) {
    for (std::size_t i = first; i < level.conjuncts.size(); i++) {
        Conjunct &conjunct = level.conjuncts[i];
        if (conjunct.far == nullptr)
            conjunct.far = bms_intersect(conjunct.rels, rels);
    }
}

Piece Builder::from_items(Frame &frame, List *items, Node *quals, Bitmapset *forced) {
    List *const clauses = conjuncts(frame, quals);
    frame.level->quals = list_concat(frame.level->quals, clauses);
    for (Node *clause : pg::each<Node>(clauses))
        if (!has_marker(clause))
            forced = bms_union(forced, find_nonnullable_rels(clause));
    Piece piece;
    for (Node *item : pg::each<Node>(items)) {
        Piece const part = join_tree(frame, item, forced);
        piece.rels = bms_union(piece.rels, part.rels);
        piece.nullable = bms_union(piece.nullable, part.nullable);
    }
    add_conjuncts(*frame.level, clauses, piece.nullable, nullptr);
    return piece;
}

Piece Builder::join_tree(Frame &frame, Node *node, Bitmapset *forced) {
    Level &level = *frame.level;
    if (IsA(node, RangeTblRef)) {
        const Binding &binding =
            frame.bindings[static_cast<std::size_t>(castNode(RangeTblRef, node)->rtindex)];
        if (binding.inner != nullptr) {
            FromExpr *const inner = binding.inner->query->jointree;
            return from_items(*binding.inner, inner->fromlist, inner->quals, forced);
        }
        return Piece{bms_make_singleton(binding.rel), nullptr};
    }
    if (IsA(node, FromExpr)) {
        auto *from = castNode(FromExpr, node);
        return from_items(frame, from->fromlist, from->quals, forced);
    }
    auto *join = castNode(JoinExpr, node);
    Node *left = join->larg;
    Node *right = join->rarg;
    JoinType type = join->jointype;
    if (type == JOIN_RIGHT) {
        std::swap(left, right);
        type = JOIN_LEFT;
    }
    bool const left_forced = bms_overlap(forced, subtree_rels(frame, left));
    bool const right_forced = bms_overlap(forced, subtree_rels(frame, right));
    if (type == JOIN_FULL && (left_forced || right_forced)) {
        if (!left_forced)
            std::swap(left, right);
        type = left_forced && right_forced ? JOIN_INNER : JOIN_LEFT;
    } else if (type == JOIN_LEFT && right_forced) {
        type = JOIN_INNER;
    }
    if (type == JOIN_INNER)
        return from_items(frame, list_make2(left, right), join->quals, forced);

    List *const clauses = conjuncts(frame, join->quals);
    Bitmapset *inner_forced = forced;
    if (type == JOIN_LEFT)
        for (Node *clause : pg::each<Node>(clauses))
            if (!has_marker(clause))
                inner_forced = bms_union(inner_forced, find_nonnullable_rels(clause));
    if (type == JOIN_LEFT && IsA(right, RangeTblRef)) {
        int const rel = frame.bindings[static_cast<std::size_t>(castNode(RangeTblRef, right)->rtindex)].rel;
        if (rel != 0)
            scope_.rel(rel).joined_by = clauses;
    }
    std::size_t const left_first = level.conjuncts.size();
    Piece const left_piece = join_tree(frame, left, forced);
    if (type == JOIN_FULL)
        confine(level, left_first, left_piece.rels);
    std::size_t const first = level.conjuncts.size();
    Piece const right_piece = join_tree(frame, right, inner_forced);
    if (type == JOIN_LEFT)
        add_conjuncts(level, clauses, bms_union(left_piece.nullable, right_piece.nullable), right_piece.rels);
    confine(level, first, right_piece.rels);
    Piece piece;
    piece.rels = bms_union(left_piece.rels, right_piece.rels);
    piece.nullable = bms_union(left_piece.nullable, right_piece.rels);
    if (type == JOIN_FULL)
        piece.nullable = piece.rels;
    return piece;
}

void Builder::fill_outputs(Frame &frame) {
    Level &level = *frame.level;
    Query *const query = frame.query;
    for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
        auto *const expr = reinterpret_cast<Node *>(tle->expr);
        Node *const group = represented(query, expr);
        level.outputs = lappend(level.outputs, global(frame, group != nullptr ? group : expr));
    }
    auto partition = [&](List *clauses) {
        List *exprs = NIL;
        List *original = NIL;
        for (auto *clause : pg::each<SortGroupClause>(clauses)) {
            TargetEntry *const tle = get_sortgroupclause_tle(clause, query->targetList);
            exprs = lappend(exprs, list_nth(level.outputs, tle->resno - 1));
            original = lappend(original, tle->expr);
        }
        return std::pair<List *, List *>(exprs, original);
    };
    if (query->hasWindowFuncs)
        for (auto *window : pg::each<WindowClause>(query->windowClause)) {
            auto const [exprs, original] = partition(window->partitionClause);
            level.partitions.push_back(exprs);
            level.partitions_original.push_back(original);
            level.roots = lappend(level.roots, global(frame, window->startOffset));
            level.roots = lappend(level.roots, global(frame, window->endOffset));
        }
    if (query->hasDistinctOn) {
        auto const [exprs, original] = partition(query->distinctClause);
        level.partitions.push_back(exprs);
        level.partitions_original.push_back(original);
    }
    level.grouped = query->hasAggs || query->groupClause != NIL || query->havingQual != nullptr;
    level.grouping = partition(query->groupClause).first;
    level.limited = is_limited(query);
    if (query->groupingSets != NIL) {
        level.opaque = true;
        level.opaque_reason = "it is read below GROUPING SETS, ROLLUP or CUBE";
    }
    level.roots = lappend(level.roots, global(frame, query->havingQual));
    level.roots = lappend(level.roots, global(frame, query->limitCount));
    level.roots = lappend(level.roots, global(frame, query->limitOffset));
    level.roots = lappend(level.roots, level.grouping);
    for (List *exprs : level.partitions)
        level.roots = lappend(level.roots, exprs);
    // What rows are ordered by decides which of them a LIMIT or a window takes, whether or not it is also read.
    for (int i = 0; i < list_length(query->targetList); i++) {
        auto const *tle = list_nth_node(TargetEntry, query->targetList, i);
        if (tle->resjunk || tle->ressortgroupref != 0)
            level.roots = lappend(level.roots, list_nth(level.outputs, i));
    }
}

Level *Builder::level(Query *query, Frame *parent_frame, Level *parent, Bitmapset *forced_outputs,
                      bool opaque) {
    check_query(query);
    auto *level = pg::make_in<Level>(CurrentMemoryContext);
    level->query = query;
    level->parent = parent;
    level->opaque = opaque || (parent != nullptr && parent->opaque);
    if (level->opaque)
        level->opaque_reason =
            parent != nullptr && parent->opaque ? parent->opaque_reason : "it is read in a recursive query";
    auto *frame = pg::make_in<Frame>(CurrentMemoryContext, Frame{query, parent_frame, level, {}});
    frame->bindings.resize(static_cast<std::size_t>(list_length(query->rtable)) + 1);
    if (query->setOperations != nullptr) {
        level->set_operation = true;
        level->limited = is_limited(query);
        auto visit = [&](Node *node) {
            if (IsA(node, RangeTblRef)) {
                RangeTblEntry *const rte = rt_fetch(castNode(RangeTblRef, node)->rtindex, query->rtable);
                level->leaves.push_back(this->level(rte->subquery, frame, level, nullptr, false));
            }
            return false;
        };
        pg::walk(query->setOperations, visit);
        // References to the output are references to the first branch's columns, by position only.
        level->outputs = static_cast<List *>(copyObject(level->leaves[0]->outputs));
        return level;
    }
    subtree_rels(*frame, reinterpret_cast<Node *>(query->jointree));
    fill_outputs(*frame);
    Bitmapset *forced = nullptr;
    int resno = -1;
    while ((resno = bms_next_member(forced_outputs, resno)) >= 0)
        forced = bms_union(forced, find_nonnullable_rels(strict_probe(
                                       static_cast<Node *>(list_nth(level->outputs, resno - 1)))));
    Piece const piece = join_tree(*frame, reinterpret_cast<Node *>(query->jointree), forced);
    confine(*level, 0, piece.rels);
    int id = -1;
    while ((id = bms_next_member(piece.nullable, id)) >= 0)
        scope_.rel(id).nullable = true;
    for (std::size_t i = 0; i < level->conjuncts.size(); i++) {
        const Conjunct &conjunct = level->conjuncts[i];
        int only = 0;
        if (bms_get_singleton_member(conjunct.rels, &only) && bms_is_member(only, conjunct.far))
            scope_.rel(only).filters = lappend(scope_.rel(only).filters, conjunct.clause);
    }
    return level;
}

} // namespace

Scope *build_scope(Query *query, List *key_resnos) {
    auto *scope = pg::make_in<Scope>(CurrentMemoryContext);
    auto *output = pg::make_in<Rel>(CurrentMemoryContext); // rel 0: the definition's own output
    output->kind = RelKind::sub;
    output->alias = "result";
    scope->add(output);
    Bitmapset *forced = nullptr;
    pg::each_int(key_resnos, [&](int resno) { forced = bms_add_member(forced, resno); });
    output->query = static_cast<Query *>(copyObject(query));
    Builder builder(*scope);
    scope->top = builder.level(query, nullptr, nullptr, forced, false);
    output->sub = scope->top;
    mark_used_columns(*scope);
    return scope;
}

} // namespace tviews::definition
