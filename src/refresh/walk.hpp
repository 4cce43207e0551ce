// refresh/walk.hpp - private to refresh/: from link values to the next link values, or to keys.
#pragma once

#include "dependency/dependency.hpp"

namespace tviews::refresh {

// Looks, under the active snapshot, at the near rows of `edge` that have one of the pending link values of `from`, and
// adds what they carry (Edge::next's link values, or keys) to `to`. Needs an SpiSession.
void walk(dependency::Compiled &tview, dependency::CompiledEdge &edge, const pg::ValueSet &from,
          pg::ValueSet &to);

} // namespace tviews::refresh
