// main.cpp - the stress test: sessions write, quiet points compare. See README.md.

#include "shared.hpp"

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace stress {

namespace {

using oracle::Connection;
using Clock = std::chrono::steady_clock;

class Coordinator {
  public:
    explicit Coordinator(Options options) : shared_(std::move(options)), options_(shared_.options) {}

    int run() {
        connect();
        connection_->must(
            "DROP SCHEMA IF EXISTS stress CASCADE; CREATE EXTENSION IF NOT EXISTS pg_tviews; "
            "DO $$ BEGIN CREATE ROLE oracle_writer; EXCEPTION WHEN duplicate_object OR unique_violation "
            "THEN NULL; END $$");
        shared_.server_version = connection_->server_version();
        fixed_ = std::make_shared<World>(fixed_world(*connection_));
        if (!options_.sabotage.empty())
            connection_->must("ALTER TABLE " + options_.sabotage + " DISABLE TRIGGER USER");
        std::unique_lock<std::mutex> quiet(calm_);
        std::thread finisher([this] { finish_prepared(shared_); });
        std::thread disturber([this] { disturb(shared_, calm_); });
        std::vector<std::thread> sessions;
        for (int i = 0; i < options_.sessions; ++i)
            sessions.emplace_back([this, i] { session(shared_, i); });
        shared_.gate.close(60);
        try {
            rounds(quiet);
        } catch (const std::exception &error) {
            shared_.fail("the coordinator", error.what());
        }
        shared_.over = true;
        shared_.gate.end();
        if (quiet.owns_lock())
            quiet.unlock();
        if (stuck_) { // threads wait for answers that do not come
            summary();
            std::fflush(stdout);
            std::_Exit(1);
        }
        for (auto &each : sessions)
            each.join();
        shared_.finished = true;
        finisher.join();
        disturber.join();
        return summary();
    }

  private:
    void connect() {
        connection_ = std::make_unique<Connection>(options_.conninfo, 90);
        connection_->must("SET client_min_messages = error; SET jit = off");
    }

    // A backend killed a moment ago takes the others along a moment later.
    void reconnect() {
        do {
            connect();
            std::this_thread::sleep_for(std::chrono::milliseconds(250));
        } while (!connection_->execute("SELECT 1").ok);
    }

    void rounds(std::unique_lock<std::mutex> &quiet) {
        const auto end = Clock::now() + std::chrono::seconds(options_.seconds);
        oracle::Rng rng = oracle::Rng(options_.seed).fork("rounds");
        std::uint64_t seed = options_.first_schema;
        for (int round = 0; Clock::now() < end && !shared_.over; ++round) {
            const bool random = !options_.no_schemas && round % 3 == 2;
            auto world = std::make_shared<World>(*fixed_);
            if (random) {
                int attempts = 0;
                while (!seed_world(*connection_, seed++, *world) && ++attempts < 20)
                    drop(*world);
            }
            world->truncates = rng.chance(30);
            {
                const std::lock_guard<std::mutex> guard(shared_.mutex);
                shared_.current = world;
            }
            quiet.unlock();
            shared_.gate.open();
            // Short rounds too: what is stale may be put right by the next write.
            const auto length = std::chrono::milliseconds(rng.between(100, 1000 * options_.round_seconds));
            const auto round_end = std::min(end, Clock::now() + length);
            while (Clock::now() < round_end && !shared_.over)
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            const bool came = shared_.gate.close(150);
            quiet.lock(); // also waits for a restart under way
            reconnect();
            if (!came) {
                stuck_ = true;
                shared_.fail("a session does not come to the quiet point", activity());
                return;
            }
            if (!settle())
                return;
            const int before = shared_.failures;
            compare(*world);
            if (!random && shared_.failures == before)
                check_history();
            if (random)
                drop(*world);
            if (shared_.failures == before)
                ++shared_.counters.quiet_points;
        }
    }

    // Until nothing prepared is left and no lost backend is still at work.
    bool settle() {
        for (int i = 0; i < 600; ++i) {
            const std::string left = connection_->value(
                "SELECT (SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'stress %') + (SELECT "
                "count(*) FROM "
                "pg_stat_activity WHERE application_name = 'stress' AND xact_start IS NOT NULL)");
            if (left == "0") {
                std::this_thread::sleep_for(
                    std::chrono::milliseconds(80)); // the finisher has heard of it, too
                return true;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        shared_.fail("transactions stay open at the quiet point", activity());
        return false;
    }

    std::string activity() {
        std::string out;
        for (const char *query :
             {"SELECT pid, state, wait_event_type, wait_event, now() - xact_start, pg_blocking_pids(pid), "
              "query FROM "
              "pg_stat_activity WHERE application_name = 'stress'",
              "SELECT * FROM pg_prepared_xacts", "SELECT * FROM pg_locks ORDER BY granted, pid"})
            for (const auto &row : connection_->execute(query).rows)
                out += "  " + row + "\n";
        return out;
    }

    void compare(const World &world) {
        for (std::size_t i = 0; i < world.tviews.size(); ++i) {
            const auto answer = connection_->execute(world.checks[i]);
            if (answer.ok && answer.rows.empty())
                continue;
            std::string text = answer.message;
            for (const auto &row : answer.rows)
                text += "  " + row + "\n";
            shared_.fail(world.tviews[i] + " differs from its definition at a quiet point", text);
        }
    }

    void check_history() {
        const std::string wrong = shared_.history.check(*connection_);
        if (!wrong.empty())
            shared_.fail("history: elements lost, doubled or back from the dead", wrong);
        if (std::stol(connection_->value("SELECT count(*) FROM stress.tb_entry")) > 2000) {
            connection_->must("TRUNCATE stress.tb_entry; UPDATE stress.tb_doc SET log = '{}'");
            shared_.history.clear();
        }
    }

    void drop(const World &world) {
        if (!world.fixed)
            connection_->must(fmt::format("DROP SCHEMA IF EXISTS {} CASCADE; RESET ALL", world.schema));
        connection_->must("SET client_min_messages = error; SET jit = off");
    }

    int summary() {
        const Counters &c = shared_.counters;
        fmt::print(
            "{} statements; {} committed, {} prepared, {} rolled back, {} given up after six attempts\n",
            c.statements.load(), c.committed.load(), c.prepared.load(), c.rolled_back.load(),
            c.abandoned.load());
        fmt::print(
            "{} x 40001, {} x 40P01, {} constraint and deliberate errors, {} cancelled, {} lock timeouts\n",
            c.serialization.load(), c.deadlocks.load(), c.constraint.load(), c.cancelled.load(),
            c.lock_timeouts.load());
        fmt::print("{} connections lost: {} terminated, {} backends and {} postmasters killed\n",
                   c.lost.load(), c.ended.load(), c.backends_killed.load(), c.servers_killed.load());
        fmt::print("{} comparisons in mid-transaction, {} elements appended, {} waits seen in pg_locks\n",
                   c.checks.load(), shared_.history.committed(), c.waits_seen.load());
        fmt::print("{} passed, {} failed\n", c.quiet_points.load(), shared_.failures.load());
        return shared_.failures == 0 && c.quiet_points > 0 ? 0 : 1;
    }

    Shared shared_;
    const Options &options_;
    std::unique_ptr<Connection> connection_;
    std::shared_ptr<const World> fixed_;
    std::mutex calm_; // held at quiet points: nobody is killed then
    bool stuck_ = false;
};

} // namespace

} // namespace stress

int main(int argc, char **argv) {
    stress::Options options;
    CLI::App app{"Concurrent random transactions, kills and restarts; at quiet points every TVIEW must equal "
                 "its view."};
    app.add_option("--conninfo", options.conninfo,
                   "libpq connection string of a server of its own, as superuser");
    app.add_option("--pgdata", options.pgdata, "its data directory: allows killing the postmaster");
    app.add_option("--pg-ctl", options.pg_ctl, "pg_ctl, with what must precede it, to start it again");
    app.add_option("--sessions", options.sessions, "sessions at the same time")->capture_default_str();
    app.add_option("--time", options.seconds, "seconds")->capture_default_str();
    app.add_option("--round", options.round_seconds, "seconds between quiet points, at most")
        ->capture_default_str();
    app.add_option("--seed", options.seed, "of the choice of operations")->capture_default_str();
    app.add_option("--first-schema", options.first_schema, "first oracle seed whose schema is used")
        ->capture_default_str();
    app.add_flag("--no-schemas", options.no_schemas, "the fixed schema only");
    app.add_flag("--no-kills", options.no_kills, "no cancels, terminations, kills");
    app.add_flag("--keep-going", options.keep_going, "go on after a failure");
    app.add_option("--sabotage", options.sabotage, "disable the triggers of this table: the run must fail");
    app.add_option("--out", options.out, "directory for the statement logs of failures")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        return stress::Coordinator(options).run();
    } catch (const std::exception &error) {
        fmt::print(stderr, "{}\n", error.what());
        return 2;
    }
}
