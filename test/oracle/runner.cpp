// runner.cpp - the steps of a scenario: execute on the writer, execute on the mirror, judge. See runner.hpp.

#include "runner.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace oracle {

namespace {

std::string shortened(const std::string &text) {
    return text.size() > 3000 ? text.substr(0, 3000) + " ..." : text;
}

std::string outcome_of(const Answer &answer) {
    if (answer.ok)
        return "succeeds (" + answer.tag + ")";
    return "fails with " + answer.sqlstate + " " + answer.message;
}

std::string joined(const std::vector<std::string> &rows) {
    std::string out;
    for (const auto &row : rows)
        out += "    " + shortened(row) + "\n";
    return out;
}

} // namespace

bool expected_in_plain_postgres(const std::string &sqlstate) {
    static const std::set<std::string> expected{
        "23505", "23503", "23502", "23514", "23001", "21000", // constraints; one row twice in ON CONFLICT or MERGE
        "22012", "22003", "22004", "22P02", "22001",          // evaluation
        "25P01", "25P02", "3B001", "34000", "42P03", "24000", "26000", "42P05", "42704", // no such savepoint, cursor, ...
        "0A000", "55000", "55006", "428C9", "44000", "P0001", "27000", "42883", "2D000", "25001",
    };
    return expected.contains(sqlstate);
}

void Runner::fail(const std::string &kind, const std::string &text) {
    std::string where = step_ >= 0 && step_ < static_cast<int>(scenario_.steps.size())
                            ? fmt::format("step {} ({}): {}\n", step_ + 1,
                                          scenario_.steps[static_cast<std::size_t>(step_)].kind,
                                          shortened(scenario_.steps[static_cast<std::size_t>(step_)].sql))
                            : std::string();
    outcome_.failure = Failure{kind, step_, where + text};
    throw Found{};
}

void Runner::check_lost(const Answer &answer, const char *who) {
    if (!answer.lost)
        return;
    if (answer.message.find("crash of another server process") != std::string::npos) {
        outcome_.neighbour_crashed = true;
        throw Found{};
    }
    fail("crash", fmt::format("the {} lost its connection: {}", who, answer.message));
}

void Runner::connect(Side &side, bool writer) {
    side.connection.reset();
    side.connection = std::make_unique<Connection>(options_.conninfo);
    side.connection->must("SET statement_timeout = '60s'; SET jit = off");
    side.connection->must(fmt::format("SET search_path = {}, public", side.schema));
    if (&side == &reader_) // an uncommitted TRUNCATE locks readers out; they then look again later
        side.connection->must("SET lock_timeout = '100ms'");
    if (writer)
        for (const auto &setting : scenario_.settings)
            side.connection->must(setting);
}

void Runner::drop_schemas() {
    for (const Side *side : {&writer_, &mirror_}) {
        Connection cleaner(options_.conninfo);
        cleaner.must("SET statement_timeout = '60s'; SET client_min_messages = warning");
        const Answer left = cleaner.execute(
            fmt::format("SELECT gid FROM pg_prepared_xacts WHERE gid LIKE '{}\\_%'", side->schema));
        for (const auto &gid : left.rows)
            cleaner.execute("ROLLBACK PREPARED " + quote(gid));
        cleaner.must(fmt::format("DROP SCHEMA IF EXISTS {} CASCADE", side->schema));
    }
}

void Runner::prepare_schemas() {
    writer_.schema = reader_.schema = fmt::format("s{}{}", scenario_.seed, options_.suffix);
    mirror_.schema = fmt::format("m{}{}", scenario_.seed, options_.suffix);
    drop_schemas();
    for (Side *side : {&writer_, &mirror_}) {
        connect(*side, true);
        side->connection->must("CREATE SCHEMA " + side->schema);
    }
    connect(reader_, false);
}

bool Runner::names_absent_tview(const FlatStep &step) const {
    return std::any_of(step.tviews.begin(), step.tviews.end(),
                       [&](int number) { return !created_[static_cast<std::size_t>(number)]; });
}

bool Runner::engine_may_raise(const std::string &sqlstate) const {
    for (std::size_t i = 0; i < scenario_.tviews.size(); ++i) {
        const FlatTview &tview = scenario_.tviews[i];
        if (!created_[i])
            continue;
        if ((tview.may_duplicate || scenario_.deferred_keys) && sqlstate.starts_with("TV2"))
            return true;
        if (sqlstate == row_too_long)
            return true;
        if (tview.may_raise && (sqlstate.starts_with("TV2") || sqlstate.starts_with("22")))
            return true;
    }
    return false;
}

// The writer's statement failed for a reason only TVIEWs have; bring the mirror into the same state.
void Runner::abort_mirror(const FlatStep &step) {
    Connection &mirror = *mirror_.connection;
    if (step.commits_inside) {
        parted_ = true;
        return;
    }
    if (step.op == Op::commit || step.op == Op::prepare) {
        mirror.execute("ROLLBACK");
        return;
    }
    const bool in_transaction = mirror.status() != PQTRANS_IDLE;
    if (!in_transaction)
        mirror.execute("BEGIN");
    mirror.execute(on_side(step.sql, mirror_.schema),
                   step.has_copy ? &step.copy : nullptr); // for what it takes from sequences
    if (!in_transaction)
        mirror.execute("ROLLBACK");
    else if (mirror.status() == PQTRANS_INTRANS)
        mirror.execute("DO $$ BEGIN RAISE EXCEPTION 'as the writer'; END $$");
}

void Runner::judge(const FlatStep &step, const Answer &writer, const Answer &mirror) {
    // An open cursor on the mirror's view keeps its base tables in use; one on a TVIEW reads the TVIEW only.
    if (writer.ok && mirror.sqlstate == "55006" && step.kind.starts_with("truncate")) {
        parted_ = true;
        return;
    }
    if (writer.ok != mirror.ok || writer.sqlstate != mirror.sqlstate)
        fail("sqlstate", fmt::format("the writer {}\nthe mirror without TVIEWs {}", outcome_of(writer),
                                     outcome_of(mirror)));
    if (!writer.ok) {
        if (!expected_in_plain_postgres(writer.sqlstate))
            fail("generator", "not an error that the generator means to raise: " + outcome_of(writer));
        ++outcome_.coverage.failed_writes[step.kind + " " + writer.sqlstate];
        return;
    }
    ++outcome_.coverage.writes[step.kind];
    if (writer.tag != mirror.tag)
        fail("tag", fmt::format("the writer answers {}, the mirror {}", writer.tag, mirror.tag));
    auto sorted = [&](std::vector<std::string> rows, const Side &side) {
        for (auto &row : rows) // schema names in rows
            for (std::size_t at = row.find(side.schema); at != std::string::npos;
                 at = row.find(side.schema, at))
                row.replace(at, side.schema.size(), "side");
        std::sort(rows.begin(), rows.end());
        return rows;
    };
    if (sorted(writer.rows, writer_) != sorted(mirror.rows, mirror_))
        fail("rows", fmt::format("the writer reads\n{}the mirror reads\n{}", joined(writer.rows),
                                 joined(mirror.rows)));
    for (const Notice &notice : writer.notices) {
        const bool shared =
            std::any_of(mirror.notices.begin(), mirror.notices.end(),
                        [&](const Notice &other) { return other.sqlstate == notice.sqlstate; });
        if (notice.severity == "WARNING" && !shared && !notice.sqlstate.starts_with("TV"))
            fail("warning", "only the writer warns: " + notice.sqlstate + " " + notice.message);
    }
}

// The extension's own functions and DDL, on the writer alone.
void Runner::run_engine_call(const FlatStep &step) {
    if (options_.engine != Engine::tviews || writer_.connection->status() == PQTRANS_INERROR ||
        names_absent_tview(step))
        return;
    if (step.kind.starts_with("pg_tviews_") && !options_.functions.contains(step.kind))
        return;
    const bool in_transaction = writer_.connection->status() == PQTRANS_INTRANS;
    const Answer answer = writer_.connection->execute(on_side(step.sql, writer_.schema));
    check_lost(answer, "writer");
    ++outcome_.coverage.statements;
    if (!answer.ok) {
        // Open cursors and pending deferred events stand in the way of DDL as they do for any table.
        const bool busy = answer.sqlstate == "55006" || answer.sqlstate == "25001" ||
                          (answer.sqlstate == "40001" && !options_.alone);
        if (!busy && !engine_may_raise(answer.sqlstate))
            fail("engine-call", outcome_of(answer));
        if (in_transaction)
            mirror_.connection->execute("DO $$ BEGIN RAISE EXCEPTION 'as the writer'; END $$");
        ++outcome_.coverage.failed_writes[step.kind + " " + answer.sqlstate];
        return;
    }
    ++outcome_.coverage.writes[step.kind];
    for (const Notice &notice : answer.notices)
        if (notice.severity == "WARNING" && !notice.sqlstate.starts_with("TV"))
            fail("warning", notice.sqlstate + " " + notice.message);
    if (step.kind == "pg_tviews_refresh" && !answer.rows.empty() && answer.rows[0] != "0" && !in_transaction)
        fail("refresh", "pg_tviews_refresh() found " + answer.rows[0] + " rows to change");
}

void Runner::run_step(const FlatStep &step) {
    if (step.op == Op::engine) {
        run_engine_call(step);
        if (step.compare && step.comparable && writer_.connection->status() != PQTRANS_INERROR)
            compare(writer_, "writer");
        return;
    }
    if (step.op == Op::reconnect) {
        connect(writer_, true);
        connect(mirror_, true);
        return;
    }
    Connection &writer = *writer_.connection;
    Connection &mirror = *mirror_.connection;
    const bool aborted = writer.status() == PQTRANS_INERROR;
    const bool skip =
        names_absent_tview(step) || (step.op == Op::recover && !aborted) ||
        (aborted && (step.op == Op::statement || step.op == Op::savepoint || step.op == Op::release)) ||
        (options_.engine != Engine::tviews && options_.engine != Engine::none && !step.tviews.empty());
    if (!skip) {
        ++outcome_.coverage.statements;
        const std::string *copy = step.has_copy ? &step.copy : nullptr;
        const Answer mine = writer.execute(on_side(step.sql, writer_.schema), copy);
        check_lost(mine, "writer");
        dirty_ = true;
        if (!mine.ok && engine_may_raise(mine.sqlstate) && options_.engine == Engine::tviews) {
            ++outcome_.coverage.failed_writes[step.kind + " " + mine.sqlstate + " (TVIEW)"];
            abort_mirror(step);
            if (parted_)
                return;
        } else {
            const Answer theirs = mirror.execute(on_side(step.sql, mirror_.schema), copy);
            check_lost(theirs, "mirror");
            judge(step, mine, theirs);
            if (parted_)
                return;
        }
        if (writer.status() != mirror.status())
            fail("transaction-state", "writer and mirror are in different transaction states");
    }
    const bool idle = writer.status() == PQTRANS_IDLE;
    if (step.compare && step.comparable && writer.status() != PQTRANS_INERROR)
        compare(writer_, idle ? "writer" : "writer in mid-transaction");
    may_be_locked_ = !idle || step.op == Op::prepare;
    if (step.compare_reader && (options_.engine == Engine::tviews || !may_be_locked_))
        compare(reader_, "reader");
    may_be_locked_ = false;
}

void Runner::run_steps() {
    for (std::size_t i = 0; i < scenario_.steps.size() && !parted_; ++i) {
        step_ = static_cast<int>(i);
        run_step(scenario_.steps[i]);
    }
    step_ = -1;
    for (const Side *side : {&writer_, &mirror_})
        if (side->connection->status() != PQTRANS_IDLE)
            side->connection->execute("ROLLBACK");
}

Outcome Runner::run() {
    created_.assign(scenario_.tviews.size(), false);
    try {
        prepare_schemas();
        setup(false);
        const bool one_transaction = scenario_.create_in_transaction && options_.engine == Engine::tviews;
        if (one_transaction)
            writer_.connection->must("BEGIN");
        create_tviews();
        setup(true);
        if (one_transaction) {
            compare(writer_, "writer in the creating transaction");
            if (writer_.connection->status() == PQTRANS_INERROR) { // allowed, or compare() would have failed
                parted_ = true;
                compare_sql_.clear(); // and created nothing
                created_.assign(created_.size(), false);
            }
            writer_.connection->must("COMMIT");
        }
        if (!parted_)
            compare(reader_, "reader after creation");
        run_steps();
        final_checks();
        if (parted_)
            ++outcome_.coverage.unfinished;
        if (!options_.keep_schemas) {
            writer_.connection.reset();
            reader_.connection.reset();
            mirror_.connection.reset();
            drop_schemas();
        }
    } catch (const Found &) {
    } catch (const std::runtime_error &error) {
        if (std::string(error.what()).find("crash of another server process") != std::string::npos ||
            std::string(error.what()).find("the database system is") != std::string::npos)
            outcome_.neighbour_crashed = true;
        else
            outcome_.failure = Failure{"setup", step_, error.what()};
    }
    return std::move(outcome_);
}

} // namespace oracle
