// definition/usage.cpp - which columns of the base relations a definition uses.
//
// Starts from the expressions that are computed whatever happens (conditions, the output, grouping) and follows
// references to the outputs of subqueries; an output nobody reads uses nothing.
#include "definition/expressions.hpp"
#include "definition/scope.hpp"

#include "pg/list.hpp"

namespace tviews::definition {

namespace {

class Usage {
  public:
    explicit Usage(Scope &scope) : scope_(scope) {}
    void run(Level *top);

  private:
    void mark(Node *expr);
    void mark_output(Level *level, int column);
    void mark_level(Level *level);

    Scope &scope_;
    List *roots_ = NIL;
};

void Usage::mark(Node *expr) {
    for_each_var(expr, [&](Var *var) {
        Rel &rel = scope_.rel(static_cast<int>(var->varno));
        if (rel.kind == RelKind::base) {
            rel.used = bms_add_member(rel.used, var->varattno - FirstLowInvalidHeapAttributeNumber);
        } else if (rel.kind == RelKind::sub && rel.sub != nullptr) {
            if (var->varattno > 0)
                mark_output(rel.sub, var->varattno);
            else
                for (int column = 1; column <= list_length(rel.sub->outputs); column++)
                    mark_output(rel.sub, column);
        }
    });
}

void Usage::mark_output(Level *level, int column) {
    if (level->set_operation) {
        for (Level *leaf : level->leaves)
            mark_output(leaf, column);
        return;
    }
    if (column <= list_length(level->outputs))
        roots_ = lappend(roots_, list_nth(level->outputs, column - 1));
}

// A set operation other than UNION ALL, and DISTINCT, compare whole rows: all their columns are used.
void Usage::mark_level(Level *level) {
    if (level == nullptr)
        return;
    roots_ = list_concat(roots_, level->roots);
    if (level->set_operation || level->query->distinctClause != NIL)
        for (int column = 1; column <= list_length(level->outputs); column++)
            mark_output(level, column);
    for (Level *leaf : level->leaves)
        mark_level(leaf);
    for (const Sublink &sublink : level->sublinks)
        mark_level(sublink.level);
    for (int id : level->rels)
        mark_level(scope_.rel(id).sub);
}

void Usage::run(Level *top) {
    for (int column = 1; column <= list_length(top->outputs); column++)
        mark_output(top, column);
    mark_level(top);
    // mark() adds roots while it runs; a root is marked once.
    for (int i = 0; i < list_length(roots_); i++) {
        auto *root = static_cast<Node *>(list_nth(roots_, i));
        bool seen = false;
        for (int j = 0; j < i && !seen; j++)
            seen = list_nth(roots_, j) == root;
        if (!seen)
            mark(root);
    }
}

} // namespace

List *output_exprs(const Level *level) {
    if (!level->set_operation)
        return list_copy(level->outputs);
    List *exprs = NIL;
    for (const Level *leaf : level->leaves)
        exprs = list_concat(exprs, output_exprs(leaf));
    return exprs;
}

void mark_used_columns(Scope &scope) { Usage(scope).run(scope.top); }

} // namespace tviews::definition
