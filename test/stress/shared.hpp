// shared.hpp - what all threads share: the gate for quiet points, counters, the verdict, the statement logs, the history.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "world.hpp"

namespace stress {

struct Options {
    std::string conninfo = "dbname=postgres";
    std::string pgdata, pg_ctl, out = "stress-failures", sabotage;
    int sessions = 6, seconds = 60, round_seconds = 4;
    std::uint64_t seed = 1, first_schema = 1;
    bool no_kills = false, no_schemas = false, keep_going = false;
};

// Sessions pass the gate between transactions; closing it and waiting until all stand there makes a quiet point.
class Gate {
  public:
    explicit Gate(int sessions) : sessions_(sessions) {}
    bool pass();             // waits while the gate is closed; false when the run is over
    bool close(int seconds); // false: somebody did not come
    void open();
    void end();

  private:
    const int sessions_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool closed_ = true, over_ = false;
    int waiting_ = 0;
};

// The last statements of one session with their answers.
class Log {
  public:
    void add(const std::string &who, const std::string &line);
    [[nodiscard]] std::vector<std::pair<std::int64_t, std::string>> lines() const;

  private:
    mutable std::mutex mutex_;
    std::deque<std::pair<std::int64_t, std::string>> lines_;
};

// Unique elements appended to documents. Which must be there, which must not, which may be (the answer to COMMIT was
// lost), and states of documents that somebody has read in a committed transaction.
class History {
  public:
    void settle(const std::vector<std::string> &elements,
                char outcome); // c: committed, a: aborted, u: unknown
    void prepared(const std::string &gid, const std::vector<std::string> &elements);
    void refused(const std::string &gid); // PREPARE failed: all aborted
    void finished(const std::string &gid, bool committed);
    void read(int document, std::string log);
    std::string check(oracle::Connection &connection); // at a quiet point; empty if good
    void clear();
    [[nodiscard]] std::size_t committed() const { return committed_; }

  private:
    std::mutex mutex_;
    std::map<std::string, char> outcomes_;
    std::map<std::string, std::vector<std::string>> prepared_;
    std::map<std::string, bool> finished_;
    std::set<std::pair<int, std::string>> reads_;
    std::atomic<std::size_t> committed_{0};
};

struct Counters {
    std::atomic<long> committed{0}, rolled_back{0}, prepared{0}, serialization{0}, deadlocks{0},
        constraint{0}, cancelled{0}, lock_timeouts{0}, lost{0}, checks{0}, waits_seen{0}, abandoned{0},
        backends_killed{0}, servers_killed{0}, quiet_points{0}, statements{0}, ended{0};
};

struct Shared {
    explicit Shared(Options arguments) : options(std::move(arguments)), gate(options.sessions) {}

    void fail(const std::string &title, const std::string &text); // prints, and saves all logs
    std::shared_ptr<const World> world() {
        const std::lock_guard<std::mutex> guard(mutex);
        return current;
    }

    const Options options;
    Gate gate;
    Counters counters;
    History history;
    std::vector<Log> logs{std::vector<Log>(static_cast<std::size_t>(options.sessions) + 2)};
    std::mutex mutex;
    std::shared_ptr<const World> current;
    std::atomic<int> failures{0};
    std::atomic<bool> over{false};     // no more transactions
    std::atomic<bool> finished{false}; // no more sessions: until then prepared transactions hold them up
    int server_version = 0;
};

void session(Shared &shared, int number); // a thread: random transactions
void finish_prepared(Shared &shared);     // a thread: COMMIT PREPARED or ROLLBACK PREPARED what it finds
void disturb(Shared &shared,
             std::mutex &on); // a thread: cancels, terminations, kills, while it can lock `on`

} // namespace stress
