// definition/text.hpp - definitions as SQL. Names are qualified that the search_path in force does not find.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::definition {

const char *text_of(const Query *query);

// Is `query` what the view says?
bool same_text(Oid view, const Query *query);

} // namespace tviews::definition
