// definition/determinism.hpp - the parts of making a definition deterministic (determinism.cpp).
#pragma once

#include "pg/postgres.hpp"

namespace tviews::definition {

// Lets the groups of one level show one definite value of those that are equal, and groups SELECT DISTINCT for that.
void represent_groups(Query *query);

// The grouping expression that `expr`, an output of the canonical `query`, shows one definite value of; nullptr when it
// is something else.
Node *represented(Query *query, Node *expr);

} // namespace tviews::definition
