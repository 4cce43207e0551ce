// runner.hpp - runs one flat scenario against a server and judges every answer.
//
// Three connections: the writer (schema s<seed>, with TVIEWs), the reader (another session on the same schema) and
// the mirror (schema m<seed>, the same tables with plain views in place of TVIEWs). What the writer and the mirror
// answer must be alike, statement by statement; what the TVIEWs hold must equal their definitions, seen by writer and
// reader. A run leaves nothing behind but, on request, its schemas.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compare.hpp"
#include "connection.hpp"
#include "coverage.hpp"
#include "scenario.hpp"

namespace oracle {

// SQLSTATE of a key that is too long for the primary key's index.
inline constexpr const char *row_too_long = "54000";

enum class Engine {
    tviews,  // the extension
    matview, // simulated: tv_x is a table with a unique key, refreshed before each comparison
    none,    // simulated: tv_x is a view
    broken   // like matview, but vanished rows stay: the oracle must find that
};

struct Failure {
    std::string kind; // mismatch, sqlstate, rows, crash, ...: shrinking keeps this
    int step = -1;
    std::string text;
};

struct RunOptions {
    std::string conninfo;
    Engine engine = Engine::tviews;
    bool verbose = false;
    bool keep_schemas = false;
    bool alone = true;               // nothing else runs: no serialization failure is anybody's fault
    std::set<std::string> functions; // of the extension, that the server has
    std::string suffix;              // of the schema names, so that shrinking and parallel runs do not meet
};

struct Outcome {
    std::optional<Failure> failure;
    bool neighbour_crashed = false; // the server restarted because of another session: run again
    Coverage coverage;
};

class Runner {
  public:
    Runner(const FlatScenario &scenario, const RunOptions &options)
        : scenario_(scenario), options_(options) {}
    Outcome run();

  private:
    struct Side {
        std::string schema;
        std::unique_ptr<Connection> connection;
    };
    class Found {}; // thrown with outcome_.failure set

    // runner.cpp
    void connect(Side &side, bool writer);
    void prepare_schemas();
    void drop_schemas();
    void run_steps();
    void run_step(const FlatStep &step);
    void judge(const FlatStep &step, const Answer &writer, const Answer &mirror);
    void run_engine_call(const FlatStep &step);
    Answer create_on_writer(const FlatTview &tview);
    void abort_mirror(const FlatStep &step);
    bool names_absent_tview(const FlatStep &step) const;
    bool engine_may_raise(const std::string &sqlstate) const;
    [[noreturn]] void fail(const std::string &kind, const std::string &text);
    void check_lost(const Answer &answer, const char *who);

    // checks.cpp
    void setup(bool after_tviews);
    void create_tviews();
    bool too_expensive(const FlatTview &tview);
    void create_simulated(const FlatTview &tview);
    void refresh_simulated();
    void compare(Side &side, const char *who);
    void final_checks();
    void note_strategies(const FlatTview &tview);

    const FlatScenario &scenario_;
    const RunOptions &options_;
    Outcome outcome_;
    Side writer_, reader_, mirror_;
    std::vector<bool> created_; // by definition
    int step_ = -1;
    bool dirty_ = false;         // simulated engines: changes since the last refresh
    bool may_be_locked_ = false; // a transaction is open or prepared: the reader may have to wait
    bool parted_ = false;        // writer and mirror parted company for an allowed reason: stop here
    std::string compare_sql_;
};

bool expected_in_plain_postgres(const std::string &sqlstate); // errors that random writes may raise anywhere

} // namespace oracle
