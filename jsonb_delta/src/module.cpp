// module.cpp - marks the library as one of PostgreSQL's. There is nothing to set up.
#include "pg/compat.hpp"

extern "C" {
PG_MODULE_MAGIC;
}
