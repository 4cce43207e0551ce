// context.hpp - the state of one definition while it is generated, and the interfaces between the generator's files.
//
// The generator is a set of functions over a Context: expression.cpp makes scalar and boolean expressions,
// subquery.cpp sub-selects, aggregate.cpp aggregates and windows, from.cpp join items, derived.cpp FROM subqueries
// and CTEs, definition.cpp whole definitions. Every one records the shapes it uses, so that coverage can be counted.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "relation.hpp"
#include "rng.hpp"
#include "schema.hpp"

namespace oracle {

struct Context {
    Context(Rng generator, const Schema &tables) : rng(generator), schema(tables) {}

    Rng rng;
    const Schema &schema;
    std::vector<RelationPtr> relations; // what FROM may name: tables, views, earlier TVIEWs, CTEs
    std::set<std::string> shapes;
    bool may_duplicate = false; // the key is not unique by construction
    bool may_raise = false;     // an expression may raise for some rows
    bool unordered =
        false; // an aggregate without ORDER BY: only the extension's own view says what comes out
    bool must_refuse = false; // depends on the session, the clock or chance
    int stable_only = 0;      // > 0: only types whose equal values are identical
    int budget = 10;          // sub-selects and joins left
    int next_alias = 0;

    void shape(const std::string &name) { shapes.insert(name); }
    bool spend(int cost = 1) {
        if (budget < cost)
            return false;
        budget -= cost;
        return true;
    }
    std::string alias_name(const std::string &relation_name);
};

// Only image-stable expressions while one of these lives.
class StableOnly {
  public:
    explicit StableOnly(Context &context) : context_(context) { ++context_.stable_only; }
    ~StableOnly() { --context_.stable_only; }
    StableOnly(const StableOnly &) = delete;
    StableOnly &operator=(const StableOnly &) = delete;

  private:
    Context &context_;
};

struct Expression {
    Node sql;
    Type type = Type::text;
    bool simple_key = false; // never NULL and usable as a jsonb_object_agg key after a cast to text
};

struct ColumnRef {
    const Alias *alias = nullptr;
    int column = -1;
    [[nodiscard]] std::string text() const { return alias->reference(column); }
    [[nodiscard]] const Column &info() const { return alias->column(column); }
};

// ---- joins (join_condition.cpp)
struct Condition {
    Node sql;
    bool unique = false; // at most one row of the joined relation per row of the other
    bool hashable = false;
};
// How rows of `right` can be matched to `left`; with `unique`, only conditions that match at most one row.
std::optional<Condition> join_condition(Context &c, const Alias &left, const Alias &right, bool unique);
// A relation joinable to `left`, under a fresh alias, with the condition.
struct Linked {
    Alias alias;
    Condition condition;
};
std::optional<Linked> linked_relation(Context &c, const Alias &left, bool unique);

// ---- expressions (expression.cpp)
std::vector<ColumnRef> columns_where(const Scope &scope, bool (*accept)(const Column &), int levels = 1);
std::optional<ColumnRef> pick_column(Context &c, const Scope &scope, Family family, int levels = 1);
Expression scalar(Context &c, const Scope &scope, int depth);
Expression column_expression(Context &c, const Scope &scope); // a plain column
Expression whole_row(Context &c, const Scope &scope);
Node document(Context &c, const Scope &scope, int depth); // jsonb_build_object(...) or the like
std::optional<Expression> orderable(Context &c, const Scope &scope);
// ---- conditions (condition.cpp)
Node condition(Context &c, const Scope &scope, int depth);
std::vector<Node> conditions(Context &c, const Scope &scope, int depth, int at_most);
// ---- order and aggregates (aggregate.cpp)
// The columns that make an order over the level's rows total; nullopt when the rows cannot be told apart.
std::optional<std::string> tie_break(const Scope &scope);
std::optional<Node> total_order(Context &c, const Scope &scope); // without the words ORDER BY
Node aggregate(Context &c, const Scope &scope, int depth);       // any aggregate call over the level's rows
Node collecting_aggregate(Context &c, const Scope &scope, int depth); // jsonb_agg and its relatives
Node having_condition(Context &c, const Scope &scope);
Node window_call(Context &c, const Scope &scope, bool partitioned);
// ---- sub-selects (subquery.cpp)
std::optional<Node> scalar_subquery(Context &c, const Scope &outer, int depth);
std::optional<Node> collecting_subquery(Context &c, const Scope &outer, int depth);
std::optional<Node> boolean_subquery(Context &c, const Scope &outer, int depth);
// Rows of other relations correlated to the outer scope: FROM items and the WHERE conjuncts that tie them.
struct InnerFrom {
    Scope scope;
    Node from;
    std::vector<Node> where;
    bool unique = false; // at most one row per outer row
};
std::optional<InnerFrom> inner_from(Context &c, const Scope &outer, int depth);
Node where_clause(std::vector<Node> conjuncts);
// ---- FROM subqueries and CTEs (derived.cpp)
struct Derived {
    Node sql; // the query without parentheses
    std::shared_ptr<Relation> relation;
    std::string
        filter; // a condition on its columns (with @ for the alias) that makes a link column unique, or empty
};
std::optional<Derived> derived_query(Context &c, int wanted_domain);
Derived recursive_query(Context &c, const Table &table, const std::string &name);
Node ctes(Context &c); // WITH ..., adding the CTEs to the context's relations; may be empty
// ---- FROM (from.cpp)
// Appends ` JOIN item ON condition` for a random item and adds its aliases to the scope. With `unique`, every row of
// the scope keeps at most one match. Returns false when nothing fits.
bool add_join(Context &c, Scope &scope, std::vector<Node> &from, bool unique, int depth);
Node from_clause(std::vector<Node> items);

} // namespace oracle
