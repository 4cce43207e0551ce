// definition/describe.hpp - a Shape for people (pg_tviews_explain) and for programs (pg_tviews_analyze_select).
#pragma once

#include "definition/definition.hpp"

namespace tviews::definition {

// One line of text an element.
pg::vector<const char *> describe_text(const Shape &shape);

// A JSON object: columns by role, key, sources with used columns, strategy and walk queries.
const char *describe_json(const Shape &shape);

// "full refresh" sources as (relation, reason) for notices: how many sources have Route::all_keys.
int count_all_keys(const Shape &shape);

} // namespace tviews::definition
