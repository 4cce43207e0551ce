// main.cpp - the model checker's command line. See README.md.
#include <chrono>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "explore.hpp"
#include "workload.hpp"

namespace model {

namespace {

struct Options {
    std::string shape, broken;
    int workloads = 60; // per shape and mix
    int broken_workloads = 3000;
    std::uint64_t seed = 1;
    long limit = 300000; // states of one workload
    bool verbose = false;
};

struct Totals {
    long workloads = 0, states = 0, waits = 0, deadlocks = 0, incomplete = 0;
    std::string violation;
};

void one(const Shape &shape, const Mix &mix, const Rules &rules, const Options &options, std::uint64_t number,
         Totals &totals) {
    std::seed_seq seed{options.seed, number, static_cast<std::uint64_t>(&mix - mixes.data()),
                       static_cast<std::uint64_t>(&shape - shapes().data())};
    Random random(seed);
    const Workload workload = random_workload(shape, mix, random);
    const Outcome outcome = explore(workload, rules, options.limit);
    ++totals.workloads;
    totals.states += outcome.states;
    totals.waits += outcome.waits;
    totals.deadlocks += outcome.deadlocks;
    totals.incomplete += outcome.complete ? 0 : 1;
    if (!outcome.violation.empty())
        totals.violation =
            fmt::format("  {}, {}, workload {}:\n{}", shape.name, mix.name, number, outcome.violation);
}

bool wanted(const Shape &shape, const Options &options) {
    return options.shape.empty() || options.shape == shape.name;
}

// The protocol as it is: no violation in any shape.
int hold(const Options &options) {
    int failures = 0;
    for (const Shape &shape : shapes()) {
        if (!wanted(shape, options))
            continue;
        Totals totals;
        for (const Mix &mix : mixes)
            for (int i = 0; i < options.workloads && totals.violation.empty(); ++i)
                one(shape, mix, Rules{}, options, static_cast<std::uint64_t>(i), totals);
        fmt::print(
            "{:<28} {:>6} workloads {:>9} states {:>8} waits {:>6} deadlock victims {:>3} cut short  {}\n",
            shape.name, totals.workloads, totals.states, totals.waits, totals.deadlocks, totals.incomplete,
            totals.violation.empty() ? "exact" : "VIOLATED");
        if (!totals.violation.empty()) {
            fmt::print("{}\n", totals.violation);
            ++failures;
        }
        std::fflush(stdout);
    }
    return failures;
}

// The protocol with a rule left out: somewhere a violation must come, or the model shows nothing.
bool notices(const NamedRule &rule, const Options &options) {
    Rules rules;
    rules.*rule.member = false;
    Totals totals;
    for (int i = 0; i < options.broken_workloads && totals.violation.empty(); ++i)
        for (const Shape &shape : shapes())
            for (const Mix &mix : mixes)
                if (wanted(shape, options) && totals.violation.empty())
                    one(shape, mix, rules, options, static_cast<std::uint64_t>(i), totals);
    fmt::print("without {:<20} {:>6} workloads {:>9} states  {}\n", rule.name, totals.workloads,
               totals.states, totals.violation.empty() ? "NOT NOTICED" : "breaks");
    if (options.verbose || !options.broken.empty())
        fmt::print("{}\n", totals.violation);
    std::fflush(stdout);
    return !totals.violation.empty();
}

int run(const Options &options) {
    int passed = 0, failed = 0;
    if (options.broken.empty()) {
        const int failures = hold(options);
        for (const Shape &shape : shapes())
            passed += wanted(shape, options);
        passed -= failures;
        failed += failures;
    }
    for (const NamedRule &rule : named_rules)
        if (options.broken.empty() ? options.shape.empty() : options.broken == rule.name)
            notices(rule, options) ? ++passed : ++failed;
    fmt::print("{} passed, {} failed\n", passed, failed);
    return failed || !passed ? 1 : 0;
}

} // namespace

} // namespace model

int main(int argc, char **argv) {
    model::Options options;
    CLI::App app("Explores every interleaving of random small workloads under the lock protocol.");
    app.add_option("--shape", options.shape, "one shape of definition only");
    app.add_option("--without", options.broken,
                   "leave out one rule of the protocol, and show how that goes wrong");
    app.add_option("--workloads", options.workloads, "per shape and mix");
    app.add_option("--seed", options.seed, "other workloads");
    app.add_option("--limit", options.limit, "states of one workload");
    app.add_flag("--verbose", options.verbose, "the schedules that break each rule");
    CLI11_PARSE(app, argc, argv);
    return model::run(options);
}
