// definition/layout_analysis.hpp - private to definition/: makes a Layout.
#pragma once

#include "definition/layout.hpp"
#include "definition/scope.hpp"

namespace tviews::definition {

// The layout of the definition that `scope` was built from and `shape` exported from; nullptr when no part of it can
// be told apart. `query` is kept.
Layout *find_layout(const Scope &scope, const Query *query, const Shape &shape);

} // namespace tviews::definition
