// definition/paths.hpp - how a changed row of each source finds the affected keys. Private to the module.
#pragma once

#include "definition/definition.hpp"
#include "definition/scope.hpp"

namespace tviews::definition {

struct Hop;

// A place a walk arrives at: rows of `rel`, from which the next hop's link columns, or the unit, are read.
struct Stop {
    int rel;
    Hop *next;     // nullptr: the unit is here
    List *unit;    // next == nullptr: Exprs over `rel`, in unit order
    int distance;  // hops to the key
    List *filters; // hold for the rows that go this way, besides those of the rel
};

// An edge in the making: conjuncts between far rows and the rows of a stop.
struct Hop {
    int far;
    Stop *near;
    List *clauses; // global form; every one mentions `far` and near->rel, perhaps helpers
    Edge *edge = nullptr;
};

// One source in one role.
struct Role {
    int rel;
    Hop *toward = nullptr;
    Stop *key = nullptr;          // the row carries the unit
    const char *reason = nullptr; // neither: all keys
    List *filters = NIL;          // hold for the rows in this role
};

struct Paths {
    pg::vector<Role> roles;
    pg::vector<Hop *> hops;
};

// `unit`: Vars of rel 0 (the definition's output) that maintenance addresses rows by.
Paths *find_paths(Scope &scope, List *unit);

// Builds the walk queries of `hop` and fills `edge` (link, equalities, SQL). `unit_types` are those of the unit.
// Returns false when the hop cannot be written as a query.
bool write_hop(Scope &scope, Hop &hop, Edge &edge);

// The plain columns of `rel` that the clauses of a hop (and the functions in them) read; false when it reads a whole
// row or a column that cannot travel.
bool link_columns(const Scope &scope, const Hop &hop, List **columns);

// Splits an equality clause between a plain column of `far` and a plain column of `near`. The operator is returned
// with the far side on the left. False when the clause is anything else.
bool hash_equality(Node *clause, int far, int near, Var **far_column, Var **near_column, Oid *equality,
                   Oid *collation);

} // namespace tviews::definition
