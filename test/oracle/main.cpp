// main.cpp - the oracle's command line: which seeds, which server, what to print, and the exit status.
//
// Seeds are independent of each other, so that --jobs spreads them over threads; a seed's scenario is the same
// whatever else runs.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "runner.hpp"
#include "script.hpp"
#include "shrink.hpp"

namespace oracle {

namespace {

struct Arguments {
    std::string seeds = "1-100";
    int seconds = 0;
    int jobs = 1;
    bool keep_going = false, list_shapes = false, no_shrink = false, print = false;
    int shrink_seconds = 120;
    std::string out = "oracle-failures";
    std::string replay;
    std::string shapes, kinds;
    ScenarioOptions scenario;
    RunOptions run;
};

std::vector<std::string> split_names(const std::string &text) {
    std::vector<std::string> names;
    std::istringstream in(text);
    for (std::string name; std::getline(in, name, ',');)
        if (!name.empty())
            names.push_back(name);
    return names;
}

class Session {
  public:
    explicit Session(Arguments arguments)
        : arguments_(std::move(arguments)),
          deadline_(std::chrono::steady_clock::now() + std::chrono::seconds(arguments_.seconds)) {
        const std::size_t dash = arguments_.seeds.find('-');
        next_ = std::stoull(arguments_.seeds.substr(0, dash));
        last_ = dash == std::string::npos ? next_.load() : std::stoull(arguments_.seeds.substr(dash + 1));
        if (arguments_.seconds > 0 && dash == std::string::npos)
            last_ = UINT64_MAX; // from this seed on, until the time is over
        arguments_.scenario.definitions.wanted_shapes = split_names(arguments_.shapes);
        const auto kinds = split_names(arguments_.kinds);
        arguments_.scenario.writes.only_kinds = {kinds.begin(), kinds.end()};
    }

    int run() {
        {
            Connection connection(arguments_.run.conninfo, 10);
            arguments_.scenario.server_version = connection.server_version();
            connection.must("SET client_min_messages = warning");
            connection.must("DO $$ BEGIN CREATE ROLE oracle_writer; EXCEPTION WHEN duplicate_object OR "
                            "unique_violation THEN NULL; END $$");
            if (arguments_.run.engine == Engine::tviews)
                connection.must("CREATE EXTENSION IF NOT EXISTS pg_tviews");
            arguments_.run.alone = arguments_.jobs == 1;
            for (const auto &row :
                 connection
                     .execute("SELECT DISTINCT proname FROM pg_proc WHERE proname LIKE 'pg\\_tviews\\_%'")
                     .rows)
                arguments_.run.functions.insert(row);
            two_phase_ = connection.value("SHOW max_prepared_transactions") != "0";
        }
        if (!arguments_.replay.empty())
            return replay();
        std::vector<std::thread> workers;
        for (int i = 0; i < arguments_.jobs; ++i)
            workers.emplace_back([this] { work(); });
        for (auto &worker : workers)
            worker.join();
        total_.print(arguments_.list_shapes);
        fmt::print("{} comparisons, {} definitions ({} refused), {} failures\n", total_.comparisons,
                   total_.definitions, total_.refusals, total_.failures);
        fmt::print("{} passed, {} failed\n", total_.seeds - total_.failures, total_.failures);
        return total_.failures == 0 && total_.seeds > 0 ? 0 : 1;
    }

  private:
    [[nodiscard]] bool over() const {
        return stop_ || next_ > last_ ||
               (arguments_.seconds > 0 && std::chrono::steady_clock::now() >= deadline_);
    }

    // Without two-phase commit on the server, transactions that would be prepared end at once.
    void adapt(Scenario &scenario) const {
        if (two_phase_)
            return;
        for (Step &step : scenario.steps) {
            const std::string text = render(step.sql);
            const int group = step.sql.group;
            if (step.op == Op::prepare) {
                step.op = Op::commit;
                step.sql = optional(Node("COMMIT"));
            } else if (step.op == Op::finish_prepared) {
                step.op = Op::statement;
                step.sql = optional(Node("SELECT 1"));
            }
            step.sql.group = group;
        }
    }

    void work() {
        Coverage mine;
        while (!over()) {
            const std::uint64_t seed = next_++;
            if (seed > last_)
                break;
            try {
                one_seed(seed, mine);
            } catch (const std::exception &error) {
                const std::lock_guard<std::mutex> guard(mutex_);
                fmt::print("seed {}: {}\n", seed, error.what());
                ++mine.failures;
                ++mine.seeds;
                stop_ = stop_ || !arguments_.keep_going;
            }
        }
        const std::lock_guard<std::mutex> guard(mutex_);
        total_.add(mine);
    }

    void one_seed(std::uint64_t seed, Coverage &mine) {
        Scenario scenario = make_scenario(seed, arguments_.scenario);
        adapt(scenario);
        const FlatScenario flat = flatten(scenario);
        if (arguments_.print) {
            const std::lock_guard<std::mutex> guard(mutex_);
            fmt::print("{}", to_script(flat, nullptr));
            return;
        }
        Outcome outcome;
        for (int attempt = 0; attempt < 5; ++attempt) {
            outcome = Runner(flat, arguments_.run).run();
            if (!outcome.neighbour_crashed)
                break;
        }
        ++outcome.coverage.seeds;
        if (outcome.failure)
            ++outcome.coverage.failures;
        mine.add(outcome.coverage);
        if (arguments_.run.verbose)
            fmt::print("seed {}: {} comparisons, {} statements{}\n", seed, outcome.coverage.comparisons,
                       outcome.coverage.statements, outcome.failure ? ", FAILED" : "");
        if (outcome.failure)
            report(scenario, flat, *outcome.failure);
        std::fflush(stdout);
    }

    void report(const Scenario &scenario, const FlatScenario &flat, const Failure &failure) {
        {
            const std::lock_guard<std::mutex> guard(mutex_);
            stop_ = stop_ || !arguments_.keep_going;
            fmt::print("\nseed {}: {}\n{}\n", scenario.seed, failure.kind, failure.text);
            std::fflush(stdout);
        }
        std::filesystem::create_directories(arguments_.out);
        const std::string path = fmt::format("{}/seed-{}", arguments_.out, scenario.seed);
        std::ofstream(path + "-full.sql") << to_script(flat, &failure);
        if (arguments_.no_shrink)
            return;
        const Shrunk small = shrink(scenario, arguments_.run, failure, arguments_.shrink_seconds);
        const std::string script = to_script(small.scenario, &small.failure);
        std::ofstream(path + ".sql") << script;
        const std::lock_guard<std::mutex> guard(mutex_);
        fmt::print("seed {} shrunk in {} runs{}, saved as {}.sql:\n\n{}\n", scenario.seed, small.runs,
                   small.reproduced ? "" : " (the failure did not come back)", path, script);
    }

    int replay() {
        std::ifstream file(arguments_.replay);
        std::stringstream text;
        text << file.rdbuf();
        const FlatScenario flat = from_script(text.str());
        const Outcome outcome = Runner(flat, arguments_.run).run();
        if (outcome.failure)
            fmt::print("{}\n{}\n", outcome.failure->kind, outcome.failure->text);
        fmt::print("{} comparisons, {} definitions ({} refused), {} failures\n", outcome.coverage.comparisons,
                   outcome.coverage.definitions, outcome.coverage.refusals, outcome.failure ? 1 : 0);
        fmt::print("{} passed, {} failed\n", outcome.failure ? 0 : 1, outcome.failure ? 1 : 0);
        return outcome.failure ? 1 : 0;
    }

    Arguments arguments_;
    std::chrono::steady_clock::time_point deadline_;
    std::atomic<std::uint64_t> next_{1};
    std::uint64_t last_ = 1;
    std::atomic<bool> stop_{false};
    bool two_phase_ = true;
    std::mutex mutex_;
    Coverage total_;
};

} // namespace

} // namespace oracle

int main(int argc, char **argv) {
    using namespace oracle;
    Arguments arguments;
    CLI::App app{"Differential testing of TVIEWs: random schemas, definitions and writes, compared with the "
                 "definitions."};
    const std::map<std::string, Engine> engines{{"tviews", Engine::tviews},
                                                {"matview", Engine::matview},
                                                {"none", Engine::none},
                                                {"broken", Engine::broken}};
    app.add_option("--conninfo", arguments.run.conninfo, "libpq connection string");
    app.add_option("--seeds", arguments.seeds, "A-B, or A (with --time: from A on)")->capture_default_str();
    app.add_option("--time", arguments.seconds, "stop after this many seconds");
    app.add_option("--steps", arguments.scenario.writes.steps, "statements per seed, about")
        ->capture_default_str();
    app.add_option("--jobs", arguments.jobs, "seeds run at the same time")->capture_default_str();
    app.add_flag("--keep-going", arguments.keep_going, "go on after a failure");
    app.add_flag("--verbose", arguments.run.verbose, "a line per seed, and every refusal");
    app.add_flag("--list-shapes", arguments.list_shapes,
                 "print how often each shape, write and strategy occurred");
    app.add_flag("--print", arguments.print, "print the scripts of the seeds and run nothing");
    app.add_flag("--no-shrink", arguments.no_shrink, "do not shrink failures");
    app.add_option("--shrink-seconds", arguments.shrink_seconds, "time for shrinking one failure")
        ->capture_default_str();
    app.add_flag("--keep-schemas", arguments.run.keep_schemas,
                 "leave the schemas of a good seed in the database");
    app.add_option("--out", arguments.out, "directory for the scripts of failures")
        ->capture_default_str()
        ->take_last();
    app.add_option("--replay", arguments.replay, "run a saved script with all checks");
    app.add_option("--shapes", arguments.shapes,
                   "only definitions with one of these shapes, comma-separated");
    app.add_option("--writes-only-kinds", arguments.kinds, "only these kinds of writes, comma-separated");
    app.add_option("--engine", arguments.run.engine, "tviews; matview, none, broken: simulated")
        ->transform(CLI::CheckedTransformer(engines, CLI::ignore_case));
    CLI11_PARSE(app, argc, argv);
    try {
        return Session(arguments).run();
    } catch (const std::exception &error) {
        fmt::print(stderr, "{}\n", error.what());
        return 2;
    }
}
