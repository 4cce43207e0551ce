// session.cpp - one session's random transactions. A transaction is drawn first, then run, and run again after 40001 and
// 40P01: what is done depends on the seed only, when it happens on the machine.

#include "shared.hpp"

#include <chrono>
#include <thread>

#include <fmt/format.h>

namespace stress {

using oracle::Answer;
using oracle::Connection;
using oracle::Rng;

namespace {

enum class What { write, error, read, check, append, savepoint, rollback_to, release, setting };

struct Action {
    What what = What::write;
    std::string sql;
    int number = 0;      // of the TVIEW, or the document
    bool recover = true; // an error goes back to the last savepoint, where there is one
};

struct Plan {
    int level = 0; // 0 READ COMMITTED, 1 REPEATABLE READ, 2 SERIALIZABLE
    bool autocommit = false, lock_timeout = false;
    bool thinks = false; // between statements, so that others commit meanwhile
    int end = 0;         // 0 commit, 1 rollback, 2 prepare
    std::vector<Action> actions;
};

const char *const levels[] = {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};

Plan draw(Rng &rng, const World &world) {
    Plan plan;
    plan.level = rng.weighted({55, 27, 18});
    plan.autocommit = rng.chance(15);
    plan.end = rng.weighted({80, 10, 10});
    plan.lock_timeout = !plan.autocommit && rng.chance(3);
    plan.thinks = !plan.autocommit && rng.chance(plan.level == 0 ? 15 : 45);
    if (plan.thinks && plan.level > 0)
        plan.actions.push_back({What::setting, "SELECT 'snapshot'"});
    if (plan.lock_timeout)
        plan.actions.push_back({What::setting, "SET LOCAL lock_timeout = '15ms'"});
    if (!plan.autocommit && rng.chance(8))
        plan.actions.push_back(
            {What::setting,
             fmt::format("SET LOCAL pg_tviews.lock_escalation_threshold = {}", rng.between(0, 3))});
    if (!plan.autocommit && rng.chance(3))
        plan.actions.push_back({What::setting, "SET LOCAL pg_tviews.max_queue_size = 2"});
    const bool checks = plan.level == 0 || !world.truncates; // an old snapshot sees a truncated table empty
    const int count = plan.autocommit ? 1 : rng.between(1, 5);
    int depth = 0;
    for (int i = 0; i < count; ++i) {
        if (!plan.autocommit && rng.chance(18)) {
            plan.actions.push_back({What::savepoint, "SAVEPOINT s"});
            ++depth;
        }
        switch (rng.weighted(
            {70, plan.autocommit ? 0 : 3, 7, plan.autocommit || !checks ? 0 : 8, world.fixed ? 12 : 0})) {
        case 1:
            plan.actions.push_back({What::error, rng.chance(50)
                                                     ? "SELECT 1 / 0"
                                                     : "DO $$ BEGIN RAISE EXCEPTION 'deliberate'; END $$"});
            break;
        case 2:
            plan.actions.push_back({What::read, "SELECT count(*) FROM " + rng.pick(world.tviews)});
            break;
        case 3: {
            const int number = rng.below(static_cast<int>(world.checks.size()));
            plan.actions.push_back({What::check, world.checks[static_cast<std::size_t>(number)], number});
            break;
        }
        case 4:
            if (rng.chance(70))
                plan.actions.push_back({What::append, "", rng.between(1, documents)});
            else
                plan.actions.push_back({What::read, "", rng.between(1, documents)});
            break;
        default:
            plan.actions.push_back({What::write, world.statement(rng)});
        }
        if (depth > 0 && rng.chance(25))
            plan.actions.push_back({What::rollback_to, "ROLLBACK TO SAVEPOINT s"});
        if (depth > 0 && rng.chance(15)) {
            plan.actions.push_back({What::release, "RELEASE SAVEPOINT s"});
            --depth;
        }
        plan.actions.back().recover = rng.chance(60);
    }
    if (plan.thinks && rng.chance(60)) // flushed under the old snapshot; at commit again
        plan.actions.push_back({What::read, "SELECT count(*) FROM " + rng.pick(world.tviews)});
    return plan;
}

class Runner {
  public:
    Runner(Shared &shared, int number)
        : shared_(shared), number_(number), name_(fmt::format("session {}", number)),
          rng_(Rng(shared.options.seed).fork("session", static_cast<std::uint64_t>(number))) {}

    void run() {
        while (shared_.gate.pass()) {
            const auto world = shared_.world();
            if (world != world_) {
                world_ = world;
                connection_.reset();
            }
            const Plan plan = draw(rng_, *world_);
            for (int attempt = 0;; ++attempt) {
                if (!connect())
                    return;
                const bool again = transaction(plan);
                if (!again)
                    break;
                if (attempt == 5) {
                    ++shared_.counters.abandoned;
                    break;
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(1 + attempt * (3 + number_)));
            }
        }
    }

  private:
    bool connect() {
        if (connection_)
            return true;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
        for (;;) {
            try {
                auto made =
                    std::make_unique<Connection>(shared_.options.conninfo + " application_name=stress", 60);
                made->must("SET statement_timeout = '60s'; SET jit = off; SET client_min_messages = error");
                made->must(fmt::format("SET search_path = {}, public", world_->schema));
                for (const auto &setting : world_->settings)
                    made->must(setting);
                note("connected as " + made->value("SELECT pg_backend_pid()"));
                connection_ = std::move(made);
                return true;
            } catch (const std::exception &error) {
                if (std::chrono::steady_clock::now() > deadline || shared_.over) {
                    if (!shared_.over)
                        shared_.fail(name_ + " cannot connect", error.what());
                    // Still pass the gate, so that the coordinator can end the run.
                    while (shared_.gate.pass())
                        std::this_thread::sleep_for(std::chrono::milliseconds(50));
                    return false;
                }
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            }
        }
    }

    void note(const std::string &line) { shared_.logs[static_cast<std::size_t>(number_)].add(name_, line); }

    Answer execute(const std::string &sql) {
        note(sql);
        ++shared_.counters.statements;
        Answer answer = connection_->execute(sql);
        note(answer.ok ? "-> " + answer.tag : "-> " + answer.sqlstate + " " + answer.message);
        if (answer.lost) {
            ++shared_.counters.lost;
            judge_lost(answer, sql);
            connection_.reset();
        }
        return answer;
    }

    void judge_lost(const Answer &answer, const std::string &sql) {
        if (shared_.options.no_kills)
            shared_.fail(name_ + " lost its connection", answer.message + "\nin: " + sql);
    }

    // Errors that maintenance must not raise.
    void judge(const Answer &answer, const std::string &sql, const Plan &plan) {
        Counters &counters = shared_.counters;
        const std::string &state = answer.sqlstate;
        if (answer.ok || answer.lost || state.starts_with("57P") || state.starts_with("08"))
            return;
        if (state == "40001") {
            ++counters.serialization;
        } else if (state == "40P01") {
            ++counters.deadlocks;
        } else if (state == "57014" && answer.message.find("user request") != std::string::npos) {
            ++counters.cancelled;
        } else if (state == "55P03" && plan.lock_timeout) {
            ++counters.lock_timeouts;
        } else if (state.starts_with("23") && answer.message.find("\"tv_") == std::string::npos) {
            ++counters.constraint;
        } else if (state.starts_with("22") || state == "P0001" || state == "21000" || state == "0A000" ||
                   state == "55006") {
            ++counters.constraint;
        } else if (!world_->fixed && foreign(state)) {
            ++counters.constraint;
        } else {
            shared_.fail(fmt::format("{}: error {}", name_, state),
                         fmt::format("{}\nin: {} ({})", answer.message, sql, levels[plan.level]));
        }
    }

    // What statements of a seed, torn out of their sequence, may raise.
    bool foreign(const std::string &state) const {
        return (world_->lenient && state.starts_with("TV2")) || state == "42P01" || state == "428C9" ||
               state == "44000" || state == "27000" || state == "55000" || state == "42883" ||
               state == "25001" || state == "2D000" || state == "42704" || state == "25P01" ||
               state == "26000" || state == "34000";
    }

    std::string next_element() { return fmt::format("s{}.{}", number_, ++elements_made_); }

    std::string append(const Action &action, std::vector<std::string> &made) {
        made.push_back(next_element());
        const std::string &element = made.back();
        return fmt::format("WITH e AS (INSERT INTO tb_entry (fk_doc, element) VALUES ({0}, '{1}')) "
                           "UPDATE tb_doc SET log = log || '{1}'::text WHERE pk_doc = {0}",
                           action.number, element);
    }

    static std::string read_log(int document) {
        return fmt::format(
            "SELECT (SELECT coalesce(string_agg(e || ',', '' ORDER BY n), '') FROM "
            "jsonb_array_elements_text(data->'log') WITH ORDINALITY x (e, n)) FROM tv_doc WHERE pk_doc = {}",
            document);
    }

    Answer perform(const Action &action, const Plan &plan) {
        const bool log_read = action.what == What::read && action.sql.empty();
        std::vector<std::string> made;
        const std::string sql = action.what == What::append ? append(action, made)
                                : log_read                  ? read_log(action.number)
                                                            : action.sql;
        Answer answer = execute(sql);
        judge(answer, sql, plan);
        if (action.what == What::append) {
            if (answer.ok)
                elements_.push_back(made.front());
            else
                dropped_.push_back(made.front());
        }
        if (log_read && answer.ok && !answer.rows.empty())
            reads_.emplace_back(action.number, answer.rows.front());
        if (action.what == What::check && answer.ok) {
            ++shared_.counters.checks;
            if (!answer.rows.empty()) {
                std::string text;
                for (const auto &row : answer.rows)
                    text += row + "\n";
                shared_.fail(fmt::format("{}: {} differs in mid-transaction, {}", name_,
                                         world_->tviews[static_cast<std::size_t>(action.number)],
                                         levels[plan.level]),
                             text);
            }
        }
        return answer;
    }

    void back_to(std::size_t size, std::size_t reads) {
        dropped_.insert(dropped_.end(), elements_.begin() + static_cast<std::ptrdiff_t>(size),
                        elements_.end());
        elements_.resize(size);
        reads_.resize(reads);
    }

    // The transaction is over, one way or the other.
    void settle(char outcome) {
        shared_.history.settle(elements_, outcome);
        shared_.history.settle(dropped_, 'a');
        if (outcome == 'c')
            for (const auto &[document, log] : reads_)
                shared_.history.read(document, log);
    }

    static bool retryable(const Answer &answer) {
        return answer.sqlstate == "40001" || answer.sqlstate == "40P01";
    }

    // True: run it again.
    bool transaction(const Plan &plan) {
        elements_.clear();
        dropped_.clear();
        reads_.clear();
        if (plan.autocommit) {
            const Answer answer = perform(plan.actions.front(), plan);
            if (plan.actions.front().what == What::append && answer.lost)
                shared_.history.settle(dropped_, 'u');
            else
                settle(answer.ok ? 'c' : 'a');
            return retryable(answer);
        }
        if (!execute(fmt::format("BEGIN ISOLATION LEVEL {}", levels[plan.level])).ok)
            return lost_or_aborted();
        struct Mark {
            std::size_t elements, reads;
        };
        std::vector<Mark> marks;
        for (const Action &action : plan.actions) {
            if ((action.what == What::rollback_to || action.what == What::release) && marks.empty())
                continue;
            if (plan.thinks)
                std::this_thread::sleep_for(std::chrono::milliseconds(rng_.below(10)));
            const Answer answer = perform(action, plan);
            if (answer.lost)
                return lost_or_aborted();
            if (answer.ok) {
                if (action.what == What::savepoint)
                    marks.push_back({elements_.size(), reads_.size()});
                else if (action.what == What::rollback_to)
                    back_to(marks.back().elements, marks.back().reads);
                else if (action.what == What::release)
                    marks.pop_back();
                continue;
            }
            if (retryable(answer) || marks.empty() || !action.recover) {
                execute("ROLLBACK");
                ++shared_.counters.rolled_back;
                settle('a');
                return retryable(answer);
            }
            if (!execute("ROLLBACK TO SAVEPOINT s").ok)
                return lost_or_aborted();
            back_to(marks.back().elements, marks.back().reads);
        }
        return finish(plan);
    }

    bool lost_or_aborted() {
        if (connection_)
            execute("ROLLBACK");
        settle('a');
        return false;
    }

    bool finish(const Plan &plan) {
        if (plan.end == 1) {
            execute("ROLLBACK");
            ++shared_.counters.rolled_back;
            settle('a');
            return false;
        }
        if (plan.end == 2) {
            const std::string gid = fmt::format("stress {} {}", number_, ++gids_);
            shared_.history.prepared(gid, elements_);
            const Answer answer = execute("PREPARE TRANSACTION '" + gid + "'");
            judge(answer, "PREPARE TRANSACTION", plan);
            shared_.history.settle(dropped_, 'a');
            if (answer.ok) {
                ++shared_.counters.prepared;
            } else if (!answer.lost) {
                shared_.history.refused(gid);
                shared_.history.settle(elements_, 'a');
            }
            return retryable(answer);
        }
        const Answer answer = execute("COMMIT");
        judge(answer, "COMMIT", plan);
        settle(answer.ok ? 'c' : answer.lost ? 'u' : 'a');
        if (answer.ok)
            ++shared_.counters.committed;
        return retryable(answer);
    }

    Shared &shared_;
    const int number_;
    const std::string name_;
    Rng rng_;
    std::shared_ptr<const World> world_;
    std::unique_ptr<Connection> connection_;
    std::vector<std::string> elements_, dropped_; // of this transaction
    std::vector<std::pair<int, std::string>> reads_;
    long elements_made_ = 0, gids_ = 0;
};

} // namespace

void session(Shared &shared, int number) { Runner(shared, number).run(); }

} // namespace stress
