// ddl/statement_triggers.hpp - capture by statement, for the tables of the current user.
#pragma once

namespace tviews::ddl {

// Exchanges row triggers for statement triggers on the current user's base tables, where nothing is against it, or puts row
// triggers back. Both return how many statement triggers came or went.
int install_statement_triggers();
int uninstall_statement_triggers();

} // namespace tviews::ddl
