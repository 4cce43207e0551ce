// definition/scope.hpp - the definition as one flat model: every relation occurrence, every necessary conjunct.
//
// Private to the definition module. A Query is a tree of levels; here every range-table entry of every level gets a
// number of its own (rel), and all expressions are rewritten so that a Var's varno is such a number and
// varlevelsup is 0 ("global" form). Simple FROM subqueries (no grouping, windows, DISTINCT, LIMIT, set operation)
// and plain views dissolve into the level around them; non-recursive CTEs have been inlined before. What remains
// as a level of its own is what decides how far a change inside can reach: see Level::transparent().
// Memory: the context current while building; nothing outlives analyze().
#pragma once

#include "pg/memory.hpp"

namespace tviews::definition {

struct Level;

enum class RelKind {
    base,    // table, partitioned table or TVIEW
    sub,     // FROM subquery that did not dissolve
    func,    // set-returning function, VALUES, XMLTABLE: rows made from other rels' columns (depends)
    derived, // made by the path search: a subquery that only walk queries contain
};

struct Rel {
    int id;
    RelKind kind;
    RangeTblEntry *rte = nullptr; // copy; function expressions in global form for kind func
    Level *level = nullptr;       // where it stands; nullptr for derived
    Level *sub = nullptr;         // kind sub
    Query *query = nullptr;       // kind derived, and kind sub: in original form
    const char *alias = "";
    Bitmapset *used = nullptr;    // base: attribute numbers offset by FirstLowInvalidHeapAttributeNumber
    Bitmapset *path = nullptr;    // the same, for columns in conjuncts
    Bitmapset *depends = nullptr; // func: rels that the arguments mention
    bool nullable = false;        // may be null-extended by an outer join of its level
    List *joined_by = nullptr;    // alone on the nullable side of a LEFT JOIN: all of its condition
    List *filters = nullptr;      // conjuncts about this rel alone
    Level *covers = nullptr;      // derived: the level whose rels it reads
    int alias_of = 0;             // made by the path search: a second look at this rel
};

// A conjunct that a row combination must satisfy to matter, in global form.
struct Conjunct {
    Node *clause;
    Bitmapset *rels; // all rels in it, of this level and of outer ones
    Bitmapset *far;  // rels of this level that may stand on the far side
};

enum class SublinkUse { value, qual, negated };

struct Sublink {
    Level *level;
    Node *test; // ANY: the test with output columns as Vars of `rel`; otherwise nullptr
    int rel;    // pseudo rel number that stands for the sub-select's output in `test`
    SublinkUse use;
};

struct Level {
    Query *query = nullptr; // original form
    Level *parent = nullptr;
    pg::vector<int> rels; // of this level
    pg::vector<Conjunct> conjuncts;
    pg::vector<Sublink> sublinks;
    pg::vector<Level *> leaves;             // set operation: its branches
    List *outputs = nullptr;                // Expr by output column, global form (resjunk ones too, by resno)
    List *quals = nullptr;                  // of WHERE and inner joins, wherever they stand, global form
    List *roots = nullptr;                  // expressions computed whatever outputs are read, global form
    pg::vector<List *> partitions;          // one list of exprs per window in use, and per DISTINCT ON
    pg::vector<List *> partitions_original; // the same in original form
    List *grouping = nullptr;               // group expressions, global form
    bool grouped = false;                   // GROUP BY or aggregates
    bool limited = false;                   // LIMIT/OFFSET: nothing is transparent
    bool opaque = false;                    // recursion, grouping sets: nothing inside can be followed
    const char *opaque_reason = nullptr;
    bool set_operation = false;

    // Does a change in a row of this level's FROM reach only output rows with that row's value of `expr`?
    bool transparent(const struct Scope &scope, Node *expr) const;
    bool carries(const struct Scope &scope, Node *expr) const; // the same for an expression as it stands
    const char *barrier_reason() const;
};

struct Scope {
    pg::vector<Rel *> rels; // by id; [0] stands for the top level's output
    Level *top = nullptr;

    Rel &rel(int id) const { return *rels[static_cast<std::size_t>(id)]; }
    int add(Rel *rel);
};

// Replaces references to non-recursive WITH queries by copies of them, at all depths. Modifies `query`.
void inline_ctes(Query *query);

// Builds the model of `query` (which it keeps and may modify). `key_exprs_nonnull`: output columns whose NULL rows
// are dropped (the key).
Scope *build_scope(Query *query, List *key_resnos);

// Fills Rel::used.
void mark_used_columns(Scope &scope);

// The output expressions of a level, of all its branches.
List *output_exprs(const Level *level);

// The rels mentioned by a global expression.
Bitmapset *rels_of(Node *expr);

// A view or other relation that stands for a query: its query, else nullptr.
Query *expand_relation(const RangeTblEntry *rte);

} // namespace tviews::definition
