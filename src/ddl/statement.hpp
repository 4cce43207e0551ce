// ddl/statement.hpp - SQL statements that pg_tviews runs as part of its own DDL.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// As the current user, whose objects and privileges they concern.
void run(const char *sql);
// With the bootstrap superuser's rights, for what the user could not do himself. The caller has checked why he may.
void run_as_superuser(const char *sql);

} // namespace tviews::ddl
