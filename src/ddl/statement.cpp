// ddl/statement.cpp - see statement.hpp.
#include "ddl/statement.hpp"

#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_authid.h"
}

namespace tviews::ddl {

void run(const char *sql) {
    pg::SpiSession const spi;
    (void) pg::spi_execute(sql);
}

void run_as_superuser(const char *sql) {
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    run(sql);
}

} // namespace tviews::ddl
