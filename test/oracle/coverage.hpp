// coverage.hpp - counts of what a run exercised, and the tables printed at its end.
#pragma once

#include <map>
#include <string>

namespace oracle {

struct Coverage {
    std::map<std::string, long> shapes; // definitions created that have the shape
    std::map<std::string, long> refused_shapes;
    std::map<std::string, long> refused;       // SQLSTATE and message
    std::map<std::string, long> writes;        // statements that succeeded, by kind
    std::map<std::string, long> failed_writes; // "kind SQLSTATE"
    std::map<std::string, long> strategies;    // from notices and pg_tviews_explain()
    std::map<std::string, long> setup;         // objects around the tables
    long comparisons = 0;
    long definitions = 0;
    long refusals = 0;
    long full_refresh = 0; // definitions that announced it
    long statements = 0;
    long seeds = 0;
    long failures = 0;
    long unfinished = 0; // seeds that ended early, for a reason that is allowed

    void add(const Coverage &other);
    void print(bool everything) const;
};

} // namespace oracle
