// coverage.cpp - adding up and printing coverage. See coverage.hpp.

#include "coverage.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace oracle {

namespace {

void add_map(std::map<std::string, long> &into, const std::map<std::string, long> &from) {
    for (const auto &[name, count] : from)
        into[name] += count;
}

void print_map(const char *title, const std::map<std::string, long> &counts) {
    if (counts.empty())
        return;
    std::vector<std::pair<std::string, long>> sorted(counts.begin(), counts.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto &a, const auto &b) { return a.second > b.second; });
    fmt::print("\n{}\n", title);
    for (const auto &[name, count] : sorted)
        fmt::print("  {:>8}  {}\n", count, name);
}

} // namespace

void Coverage::add(const Coverage &other) {
    add_map(shapes, other.shapes);
    add_map(refused_shapes, other.refused_shapes);
    add_map(refused, other.refused);
    add_map(writes, other.writes);
    add_map(failed_writes, other.failed_writes);
    add_map(strategies, other.strategies);
    add_map(setup, other.setup);
    comparisons += other.comparisons;
    definitions += other.definitions;
    refusals += other.refusals;
    full_refresh += other.full_refresh;
    statements += other.statements;
    seeds += other.seeds;
    failures += other.failures;
    unfinished += other.unfinished;
}

void Coverage::print(bool everything) const {
    if (everything) {
        print_map("shapes of the definitions created", shapes);
        print_map("shapes of the definitions refused", refused_shapes);
        print_map("writes and reads that succeeded", writes);
        print_map("statements that failed, on both sides alike", failed_writes);
        print_map("objects around the tables", setup);
        print_map("strategies", strategies);
    }
    print_map("refusals", refused);
    fmt::print("\n{} seeds, {} statements, {} definitions announced a full refresh, {} seeds ended early\n",
               seeds, statements, full_refresh, unfinished);
}

} // namespace oracle
