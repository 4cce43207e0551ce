// dependency/statistics.hpp - what the caches of this session hold and how often that has helped.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::dependency {

struct CacheStatistics {
    uint64 entries = 0;
    uint64 bytes = 0;
    uint64 hits = 0;      // look-ups that found something up to date
    uint64 misses = 0;    // look-ups that had to make it
    uint64 evictions = 0; // thrown away because out of date
};

CacheStatistics compiled_statistics();
CacheStatistics program_statistics();

} // namespace tviews::dependency
