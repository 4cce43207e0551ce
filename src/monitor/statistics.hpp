// monitor/statistics.hpp - private to monitor/: the statistics of TVIEWs in shared memory.
#pragma once

#include "monitor/count.hpp"
#include "pg/memory.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

namespace tviews::monitor {

struct Counters {
    uint64 refreshes;
    uint64 keys;
    uint64 patched;
    uint64 recomputed;
    uint64 inserted;
    uint64 updated;
    uint64 deleted;
    uint64 unchanged;
    uint64 full_refreshes;
    uint64 lock_waits;
    uint64 errors;
    uint64 cache_misses; // refreshes for which the session had to compile the TVIEW first
    uint64 timed;        // refreshes whose time was measured
    uint64 microseconds; // of these
    uint64 longest;      // of these
    uint64 last;         // TimestampTz of the statement that caused the last refresh; 0: none
};

// Upper bounds of durations, in microseconds; the last class has none.
inline constexpr uint64 duration_bounds[] = {100,     250,     500,     1000,    2500,   5000,
                                             10000,   25000,   50000,   100000,  250000, 500000,
                                             1000000, 2500000, 5000000, 10000000};
inline constexpr std::size_t duration_classes = std::size(duration_bounds) + 1;

struct Hour {
    uint64 number; // since 2000-01-01 00:00 UTC; 0: unused
    uint64 refreshes;
    uint64 cache_misses;
    uint64 most_keys; // of one refresh
    uint64 timed;
    uint64 microseconds;
    uint64 longest;
    uint64 last;
    uint64 durations[duration_classes];
};

inline constexpr int kept_hours = 24;

struct Statistics {
    Oid table;
    TimestampTz since; // of the first refresh or the reset
    Counters counters;
    Hour hours[kept_hours];
};

// Of all tables of this database that have been counted, also of those that are no more. These may ereport.
pg::vector<Statistics *> all_statistics();
void reset_statistics(Oid table);

} // namespace tviews::monitor
