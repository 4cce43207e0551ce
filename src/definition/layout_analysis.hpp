// definition/layout_analysis.hpp - private to definition/: makes a Layout.
#pragma once

#include "definition/assembly.hpp"
#include "definition/expressions.hpp"
#include "definition/layout.hpp"
#include "definition/scope.hpp"

extern "C" {
#include "access/sysattr.h"
}

namespace tviews::definition {

// The layout of the definition that `scope` was built from and `shape` exported from; nullptr when no part of it can
// be told apart. `query` is kept.
Layout *find_layout(const Scope &scope, const Query *query, const Shape &shape);

// What expressions depend on: columns of base relations, through the outputs of subqueries, and, for the sub-selects in
// them, everything in their levels.
class Footprint {
  public:
    explicit Footprint(const Scope &scope) : scope_(scope), columns_(scope.rels.size(), nullptr) {}

    void expression(Node *expr) {
        auto step = [&](Node *node) {
            if (IsA(node, Var))
                column(castNode(Var, node));
            else if (IsA(node, Param) && castNode(Param, node)->paramkind == PARAM_EXEC)
                level(scope_.rel(castNode(Param, node)->paramid).sub);
            return false;
        };
        pg::walk(expr, step, false);
    }

    // Everything in a level, and below it, whatever outputs are read.
    void level(const Level *level) {
        if (list_member_ptr(done_, level))
            return;
        done_ = lappend(done_, const_cast<Level *>(level));
        from(level);
        for (const Sublink &sublink : level->sublinks)
            this->level(sublink.level);
        if (level->query->distinctClause != NIL || level->set_operation)
            for (Node *output : pg::each<Node>(output_exprs(level)))
                expression(output);
    }

    // A level without its sub-selects, and without the roots in `except`.
    void from(const Level *level, const List *except = NIL) {
        for (Node *root : pg::each<Node>(level->roots))
            if (!list_member_ptr(except, root))
                expression(root);
        for (int id : level->rels) {
            const Rel &rel = scope_.rel(id);
            if (rel.kind == RelKind::base)
                rows_ = bms_add_member(rows_, id);
            else if (rel.kind == RelKind::sub)
                this->level(rel.sub);
        }
        for (const Level *leaf : level->leaves)
            this->level(leaf);
    }

    Bitmapset *columns(int rel) const noexcept { return columns_[static_cast<std::size_t>(rel)]; }
    bool rows(int rel) const noexcept { return bms_is_member(rel, rows_); }
    // Is the column, or the whole row, used?
    bool uses(int rel, AttrNumber attno) const noexcept {
        Bitmapset *const columns = columns_[static_cast<std::size_t>(rel)];
        return bms_is_member(attno - FirstLowInvalidHeapAttributeNumber, columns) ||
               bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, columns);
    }

  private:
    void column(const Var *var) {
        auto const id = static_cast<int>(var->varno);
        const Rel &rel = scope_.rel(id);
        if (rel.kind == RelKind::base) {
            Bitmapset *&columns = columns_[static_cast<std::size_t>(id)];
            columns = bms_add_member(columns, var->varattno - FirstLowInvalidHeapAttributeNumber);
        } else if (rel.kind == RelKind::sub) {
            for (int i = 1; i <= list_length(rel.sub->outputs); i++)
                if (var->varattno <= 0 || var->varattno == i)
                    output(rel.sub, i);
        }
    }

    void output(const Level *level, int position) {
        for (const Level *leaf : level->leaves)
            output(leaf, position);
        if (level->set_operation || position > list_length(level->outputs))
            return;
        auto *const expr = static_cast<Node *>(list_nth(level->outputs, position - 1));
        if (list_member_ptr(done_, expr))
            return;
        done_ = lappend(done_, expr);
        expression(expr);
    }

    const Scope &scope_;
    pg::vector<Bitmapset *> columns_; // by rel, offset by FirstLowInvalidHeapAttributeNumber
    Bitmapset *rows_ = nullptr;
    List *done_ = NIL; // levels and outputs
};

// jsonb_build_object() with arguments one by one, or nullptr.
FuncExpr *object_literal(Node *expr);
// A constant text, or nullptr.
const char *literal_key(Node *expr);
// Are the keys constant and different?
bool plain_keys(const FuncExpr *object);

// Is the expression computed from columns, by functions that are never redefined?
bool settled(Node *expr);
// The one base relation whose row's columns the expression is computed from, if it is settled; or 0.
int own_rel(const Scope &scope, Node *expr);
// Fills feeds.index and feeds.identity if output columns tell which row of the rel has entered a row of the top level.
void identify(const Scope &scope, const Query *query, const Rel &rel, SourceFeeds &feeds);

// The table among the sources whose rows carry the key.
KeyTable find_key_table(const Scope &scope, const Query *query, const Shape &shape);
// How rows of the definition are assembled without a query; nullptr when they have to be asked for. After find_key_table().
const Assembly *find_assembly(const Scope &scope, const Query *query, const Shape &shape);

// Adds the leaf to layout.arrays if it is an array whose elements can be told apart. `expr` as written, `global` in
// global form.
void find_array(const Scope &scope, Layout &layout, int leaf, Node *expr, Node *global);
// Fills `feeds.array` and `feeds.steady` if the source makes the elements of an array and does nothing else.
void find_element_source(const Layout &layout, const Source &source, SourceFeeds &feeds);

// For a leaf that is an array: [its elements with one of the ids in parameter `param`, the ids of all in order or null,
// the ids in the parameter].
Node *changed_elements(Node *leaf, const ArrayLeaf &array, int param, const Part &part);

} // namespace tviews::definition
