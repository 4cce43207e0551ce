// definition/advice.hpp - what would make the maintenance of a shape cheaper.
#pragma once

#include "definition/definition.hpp"

namespace tviews::definition {

struct IndexAdvice {
    const char *statement; // CREATE INDEX ...
    const char *reason;
    Oid table;
};

// Indexes on base tables that walk queries would use and that do not exist.
pg::vector<IndexAdvice> missing_indexes(const Shape &shape);

} // namespace tviews::definition
