// ddl/parse.hpp - a SELECT given as text, as PostgreSQL's parser sees it.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// The one SELECT, VALUES, TABLE or WITH statement in `text`; anything else is TV102. Syntax errors point into `text`.
RawStmt *parse_select(const char *text);

// Parse analysis of a statement from `text`; errors point into `text`.
Query *analyze_statement(RawStmt *statement, const char *text);

// The table that `name` ('post', 'tv_post', 'app.tv_post') means for a TVIEW to be created. Raises TV101.
RangeVar *target_table(const char *name);

// The entity in a table name tv_<entity>. Raises TV101 when there is none.
const char *entity_of(const char *table_name);

} // namespace tviews::ddl
