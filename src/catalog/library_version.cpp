// catalog/library_version.cpp - the version of this library, from pg_tviews.control.
#include "catalog/catalog.hpp"

const char tviews::catalog::library_version[] = TVIEWS_VERSION;
