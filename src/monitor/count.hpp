// monitor/count.hpp - what a refresh tells the statistics. May be included from anywhere; statistics.cpp keeps the sums.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::monitor {

// One refresh of one TVIEW, by a flush or as a whole.
struct Refresh {
    uint64 keys = 0; // affected; none of a full refresh
    uint64 patched = 0;
    uint64 recomputed = 0;
    uint64 inserted = 0;
    uint64 updated = 0;
    uint64 deleted = 0;
    uint64 unchanged = 0; // stored rows that were found to be right
    uint64 lock_waits = 0;
    bool full = false;
    bool compiled = false;  // the TVIEW has been, for this refresh
    int64 microseconds = 0; // 0: not measured

    uint64 written() const noexcept { return inserted + updated + deleted; }
};

// Makes room for the TVIEW's counters. Raises nothing: without memory for them there are no statistics.
void prepare_counters(Oid table);
// Waits for nobody but a reader or reset of these very counters. False, and nothing done: prepare_counters() first.
bool count_refresh(Oid table, const Refresh &refresh);
// Takes no lock: the error may have come while one was held. Counted when the (sub)transaction has ended.
void note_failure(Oid table) noexcept;
// What is counted of another table that had this number is forgotten.
void forget_counters(Oid table);

} // namespace tviews::monitor
