// ddl/state.hpp - what DDL in progress has to remember between the entries PostgreSQL calls.
#pragma once

#include "ddl/create.hpp"

namespace tviews::ddl {

// While one exists, our event triggers leave statements alone: pg_tviews itself is running DDL. Nests; an abort ends
// those begun in the aborted (sub)transaction.
class OwnStatements {
  public:
    OwnStatements();
    ~OwnStatements();
    OwnStatements(const OwnStatements &) = delete;
    OwnStatements &operator=(const OwnStatements &) = delete;
};
bool running_own_statements();

// Between ddl_command_start and ddl_command_end of a CREATE TABLE AS.
void remember(Creation *creation);
// The one remembered for schema.name, removed from the list; nullptr when there is none.
Creation *recall(Oid schema, const char *name);

// Registers the transaction callbacks that forget all this. Called once, by _PG_init.
void install_callbacks();

} // namespace tviews::ddl
