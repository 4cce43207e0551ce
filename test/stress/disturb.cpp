// disturb.cpp - what happens to the sessions from outside: prepared transactions finished, statements cancelled,
// backends terminated, backends and the postmaster killed, the server started again. See shared.hpp.

#include "shared.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include <fmt/format.h>

namespace stress {

using oracle::Connection;
using oracle::Rng;
using Clock = std::chrono::steady_clock;

namespace {

void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

std::string command_line(long pid) {
    std::ifstream file(fmt::format("/proc/{}/cmdline", pid));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// The postmaster of the given data directory and of no other.
long postmaster(const std::string &pgdata) {
    std::ifstream file(pgdata + "/postmaster.pid");
    long pid = 0;
    file >> pid;
    return pid > 1 && command_line(pid).find(pgdata) != std::string::npos ? pid : 0;
}

class Disturber {
  public:
    explicit Disturber(Shared &shared) : shared_(shared), rng_(Rng(shared.options.seed).fork("disturb")) {}

    void run(std::mutex &on) {
        const auto start = Clock::now();
        auto after = [](int low, int high, Rng &rng) {
            return Clock::now() + std::chrono::milliseconds(rng.between(low, high));
        };
        auto cancel = start, terminate = after(1000, 2000, rng_), backend = after(2500, 4000, rng_),
             server = after(7000, 10000, rng_);
        while (!shared_.over) {
            sleep_ms(100);
            const std::lock_guard<std::mutex> guard(on);
            if (shared_.over)
                return;
            try {
                if (!connection_)
                    connection_ = std::make_unique<Connection>(shared_.options.conninfo, 60);
                count_waits();
                if (shared_.options.no_kills)
                    continue;
                const auto now = Clock::now();
                if (now > cancel) {
                    signal("pg_cancel_backend");
                    cancel = after(200, 900, rng_);
                } else if (now > terminate) {
                    signal("pg_terminate_backend");
                    terminate = after(1500, 4000, rng_);
                } else if (now > backend) {
                    kill_backend();
                    backend = after(8000, 16000, rng_);
                } else if (now > server && !shared_.options.pgdata.empty()) {
                    kill_server();
                    server = after(18000, 40000, rng_);
                }
            } catch (const std::exception &) { // the server is going down or coming up
                connection_.reset();
            }
        }
    }

  private:
    void note(const std::string &line) { shared_.logs.back().add("disturber", line); }

    std::string ask(const std::string &sql) {
        const auto answer = connection_->execute(sql);
        if (answer.lost || !answer.ok)
            throw std::runtime_error(answer.message);
        return answer.rows.empty() ? "" : answer.rows.front();
    }

    void count_waits() {
        shared_.counters.waits_seen +=
            std::stol(ask("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"));
    }

    // Most of the time somebody who is in the middle of something.
    std::string victim() {
        return ask(fmt::format(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'stress' AND state <> 'idle' "
            "ORDER BY state = 'active' DESC, md5(pid::text || '{}') LIMIT 1",
            rng_.next()));
    }

    void signal(const char *function) {
        const std::string pid = victim();
        if (pid.empty())
            return;
        note(fmt::format("{}({})", function, pid));
        ask(fmt::format("SELECT {}({})", function, pid));
        if (std::string(function) == "pg_terminate_backend")
            ++shared_.counters.ended;
    }

    void kill_backend() {
        const std::string text = victim();
        if (text.empty())
            return;
        const long pid = std::stol(text);
        if (command_line(pid).find("postgres") == std::string::npos)
            return;
        note("kill -9 " + text);
        ++shared_.counters.backends_killed;
        ::kill(static_cast<pid_t>(pid), SIGKILL);
        connection_.reset();
    }

    void kill_server() {
        const long pid = postmaster(shared_.options.pgdata);
        if (pid == 0)
            return;
        note(fmt::format("kill -9 {}, the postmaster", pid));
        ++shared_.counters.servers_killed;
        connection_.reset();
        ::kill(static_cast<pid_t>(pid), SIGKILL);
        // Its children go by themselves; until they have, a new one refuses to start.
        const std::string start =
            fmt::format("{} -D '{}' -l '{}/stress-server.log' -w -t 60 restart >/dev/null 2>&1",
                        shared_.options.pg_ctl, shared_.options.pgdata, shared_.options.pgdata);
        for (int attempt = 0; attempt < 60; ++attempt) {
            sleep_ms(300);
            if (std::system(start.c_str()) == 0) {
                note("the server runs again");
                return;
            }
        }
        shared_.fail("the server does not start again after kill -9 of the postmaster",
                     "see stress-server.log in its data directory");
        shared_.over = true;
    }

    Shared &shared_;
    Rng rng_;
    std::unique_ptr<Connection> connection_;
};

} // namespace

void disturb(Shared &shared, std::mutex &on) { Disturber(shared).run(on); }

void finish_prepared(Shared &shared) {
    Rng rng = Rng(shared.options.seed).fork("finish");
    std::unique_ptr<Connection> connection;
    std::map<std::string, bool> sent; // gid, commit: the answer has not come
    Log &log = shared.logs[static_cast<std::size_t>(shared.options.sessions)];
    while (!shared.finished) {
        sleep_ms(rng.between(5, 60));
        try {
            if (!connection)
                connection = std::make_unique<Connection>(shared.options.conninfo, 60);
            const auto answer = connection->execute(
                "SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'stress %' ORDER BY prepared");
            if (!answer.ok)
                throw std::runtime_error(answer.message);
            const std::set<std::string> there(answer.rows.begin(), answer.rows.end());
            for (auto it = sent.begin(); it != sent.end();) { // the connection was lost, yet it was done
                const bool done = !there.contains(it->first);
                if (done)
                    shared.history.finished(it->first, it->second);
                it = done ? sent.erase(it) : std::next(it);
            }
            for (const auto &gid : answer.rows) {
                const bool commit = sent.contains(gid) ? sent[gid] : rng.chance(80);
                const std::string sql = fmt::format("{} PREPARED '{}'", commit ? "COMMIT" : "ROLLBACK", gid);
                sent[gid] = commit;
                log.add("finisher", sql);
                const auto done = connection->execute(sql);
                log.add("finisher", done.ok ? "-> " + done.tag : "-> " + done.sqlstate + " " + done.message);
                if (done.lost)
                    throw std::runtime_error(done.message);
                if (done.ok) {
                    shared.history.finished(gid, commit);
                    sent.erase(gid);
                } else if (done.sqlstate != "55000" &&
                           done.sqlstate != "42704") { // busy: still being prepared
                    shared.fail("COMMIT or ROLLBACK PREPARED fails",
                                sql + "\n" + done.sqlstate + " " + done.message);
                }
            }
        } catch (const std::exception &) {
            connection.reset();
        }
    }
}

} // namespace stress
