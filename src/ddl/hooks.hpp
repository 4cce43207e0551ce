// ddl/hooks.hpp - what users try that event triggers do not see.
#pragma once

namespace tviews::ddl {

// Called once, by _PG_init. From then on EXPLAIN ANALYZE CREATE TABLE tv_x AS is refused, and the syntax error of a bare
// CREATE TVIEW, DROP TVIEW or REFRESH TVIEW has a hint. Sessions that have not loaded the library yet do not have either.
void install_hooks();

} // namespace tviews::ddl
