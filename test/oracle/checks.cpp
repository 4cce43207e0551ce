// checks.cpp - what the runner does around the steps: set-up, creation of TVIEWs, comparisons, the checks at the end.
//
// Also the simulated engines, which need no extension: they prove that the generator's SQL is valid and that the
// comparison finds what it should.

#include "runner.hpp"

#include <stdexcept>

#include <fmt/format.h>

namespace oracle {

void Runner::setup(bool after_tviews) {
    for (const FlatSetup &item : scenario_.setup) {
        if (item.after_tviews != after_tviews)
            continue;
        const bool in_transaction = writer_.connection->status() == PQTRANS_INTRANS;
        if (in_transaction)
            writer_.connection->must("SAVEPOINT setup");
        const Answer mine = writer_.connection->execute(on_side(item.sql, writer_.schema));
        check_lost(mine, "writer");
        if (in_transaction && !mine.ok)
            writer_.connection->must("ROLLBACK TO SAVEPOINT setup");
        if (!mine.ok &&
            engine_may_raise(mine.sqlstate)) { // loading made a duplicate key, say: nothing more to learn
            parted_ = true;
            return;
        }
        const Answer theirs = mirror_.connection->execute(on_side(item.sql, mirror_.schema));
        check_lost(theirs, "mirror");
        if (mine.sqlstate != theirs.sqlstate || (!mine.ok && !expected_in_plain_postgres(mine.sqlstate)))
            fail("setup", fmt::format("{}\nthe writer: {} {}\nthe mirror: {} {}", item.sql, mine.sqlstate,
                                      mine.message, theirs.sqlstate, theirs.message));
        ++outcome_.coverage.setup[item.kind];
        dirty_ = true;
    }
}

void Runner::create_simulated(const FlatTview &tview) {
    Connection &writer = *writer_.connection;
    const std::string table = identifier(tview.table_name);
    const std::string view = identifier(tview.view_name);
    if (options_.engine == Engine::none) {
        writer.must(fmt::format("CREATE VIEW {} AS {}", table, original_rows(tview)));
        writer.must(fmt::format("CREATE VIEW {} AS SELECT * FROM {}", view, table));
        return;
    }
    std::string keys;
    for (const auto &key : tview.keys)
        keys += (keys.empty() ? "" : ", ") + identifier(key);
    writer.must(fmt::format("CREATE VIEW {} AS {}", view, tview.select));
    writer.must(fmt::format("CREATE TABLE {} AS {}", table, view_rows(tview)));
    if (!tview.may_duplicate)
        writer.must(fmt::format("CREATE UNIQUE INDEX ON {} ({})", table, keys));
}

void Runner::refresh_simulated() {
    if (options_.engine != Engine::matview && options_.engine != Engine::broken)
        return;
    if (!dirty_)
        return;
    for (std::size_t i = 0; i < scenario_.tviews.size(); ++i) {
        if (!created_[i])
            continue;
        const FlatTview &tview = scenario_.tviews[i];
        const std::string table = identifier(tview.table_name);
        std::string where;
        if (options_.engine == Engine::broken)
            where = fmt::format(" WHERE {0} IN (SELECT {0} FROM {1})", identifier(tview.keys[0]),
                                identifier(tview.view_name));
        writer_.connection->must(fmt::format("DELETE FROM {}{}", table, where));
        writer_.connection->must(fmt::format("INSERT INTO {} {}", table, view_rows(tview)));
    }
    dirty_ = writer_.connection->status() != PQTRANS_IDLE;
}

// Some definitions multiply their sources so often that one evaluation takes seconds. The planner's cost on the mirror,
// whose tables are never analysed, tells them apart in the same way every time.
bool Runner::too_expensive(const FlatTview &tview) {
    constexpr double limit = 3e6;
    const Answer answer = mirror_.connection->execute("EXPLAIN " + original_rows(tview));
    if (!answer.ok || answer.rows.empty())
        return false; // the creation will say what is wrong
    const std::string &line = answer.rows.front();
    const std::size_t at = line.find("..");
    return at != std::string::npos && std::stod(line.substr(at + 2)) > limit;
}

Answer Runner::create_on_writer(const FlatTview &tview) {
    Connection &writer = *writer_.connection;
    const bool in_transaction = writer.status() == PQTRANS_INTRANS;
    if (in_transaction)
        writer.must("SAVEPOINT creation");
    Answer answer = writer.execute(tview.create);
    for (int attempt = 0; attempt < 5 && answer.sqlstate == "40001" && !options_.alone && !in_transaction;
         ++attempt)
        answer = writer.execute(tview.create);
    if (in_transaction && !answer.lost && !answer.ok)
        writer.must("ROLLBACK TO SAVEPOINT creation");
    return answer;
}

void Runner::create_tviews() {
    for (std::size_t i = 0; i < scenario_.tviews.size(); ++i) {
        const FlatTview &tview = scenario_.tviews[i];
        bool usable = tview.present && (!tview.must_refuse || options_.engine == Engine::tviews);
        for (const int used : tview.uses)
            usable = usable && created_[static_cast<std::size_t>(used)];
        if (!usable)
            continue;
        if (too_expensive(tview)) {
            ++outcome_.coverage.strategies["left out: too expensive for a test"];
            continue;
        }
        Answer answer;
        answer.ok = true;
        if (options_.engine == Engine::tviews)
            answer = create_on_writer(tview);
        else
            create_simulated(tview);
        check_lost(answer, "writer");
        ++outcome_.coverage.definitions;
        if (!answer.ok) {
            const bool evaluation = tview.may_raise && answer.sqlstate.starts_with("22");
            const bool too_long = answer.sqlstate == row_too_long;
            if (!answer.sqlstate.starts_with("TV") && !evaluation && !too_long)
                fail("create",
                     fmt::format("{}\nfails with {} {}", tview.create, answer.sqlstate, answer.message));
            if (answer.sqlstate.starts_with("TV5"))
                fail("create", fmt::format("{}\nfails with an internal error: {} {}", tview.create,
                                           answer.sqlstate, answer.message));
            if (answer.sqlstate.starts_with("TV2") && !tview.may_duplicate && !tview.may_raise)
                fail("create",
                     fmt::format("{}\nis not filled: {} {}", tview.create, answer.sqlstate, answer.message));
            ++outcome_.coverage.refusals;
            const std::string first_line = answer.message.substr(0, answer.message.find('\n'));
            ++outcome_.coverage.refused[answer.sqlstate + " " + first_line];
            for (const auto &shape : tview.shapes)
                ++outcome_.coverage.refused_shapes[shape];
            if (options_.verbose)
                fmt::print("refused: {} {}\n", answer.sqlstate, answer.message);
            continue;
        }
        if (tview.must_refuse)
            fail("not-refused",
                 tview.create + "\nwas accepted although it depends on the session, the clock or chance");
        created_[i] = true;
        for (const auto &shape : tview.shapes)
            ++outcome_.coverage.shapes[shape];
        for (const Notice &notice : answer.notices) {
            if (notice.message.find("full refresh") != std::string::npos)
                ++outcome_.coverage.strategies["notice: full refresh"];
            if (notice.severity == "WARNING" && !notice.sqlstate.starts_with("TV"))
                fail("warning", "creating " + tview.table_name + " warns: " + notice.message);
        }
        if (options_.engine == Engine::tviews)
            note_strategies(tview);
        const std::string both = writer_.connection->value(columns_query(tview, writer_.schema));
        if (options_.engine == Engine::tviews &&
            both.substr(0, both.find('\t')) != both.substr(both.find('\t') + 1))
            fail("columns", fmt::format("{} and {} have different columns: {}", tview.table_name,
                                        tview.view_name, both));
        const Answer mirrored = mirror_.connection->execute(
            fmt::format("CREATE VIEW {} AS {}", identifier(tview.table_name), original_rows(tview)));
        if (!mirrored.ok)
            fail("generator", fmt::format("not a valid definition: {}\n{}", tview.select, mirrored.message));
    }
    std::vector<const FlatTview *> present;
    for (std::size_t i = 0; i < scenario_.tviews.size(); ++i)
        if (created_[i])
            present.push_back(&scenario_.tviews[i]);
    compare_sql_ = compare_query(present);
}

// Which way each source is maintained, as pg_tviews_explain() puts it.
void Runner::note_strategies(const FlatTview &tview) {
    const Answer answer = writer_.connection->execute("SELECT * FROM pg_tviews_explain(" +
                                                      quote(identifier(tview.table_name)) + ")");
    check_lost(answer, "writer");
    if (!answer.ok) {
        if (answer.sqlstate == "40001" && !options_.alone)
            return;
        if (answer.sqlstate != "42883")
            fail("explain", answer.message);
        return;
    }
    bool full = false;
    for (const auto &row : answer.rows) {
        const bool here = row.find("full refresh") != std::string::npos;
        full = full || here;
        if (row.find("source") != std::string::npos)
            ++outcome_.coverage.strategies[here ? "source: full refresh" : "source: incremental"];
    }
    outcome_.coverage.full_refresh += full ? 1 : 0;
    ++outcome_.coverage
          .strategies[full ? "definition: some full refresh" : "definition: incremental throughout"];
}

void Runner::compare(Side &side, const char *who) {
    if (compare_sql_.empty())
        return;
    if (&side == &writer_ || writer_.connection->status() == PQTRANS_IDLE)
        refresh_simulated();
    const Answer answer = side.connection->execute(compare_sql_);
    check_lost(answer, who);
    if (!answer.ok) {
        if (&side == &writer_ && engine_may_raise(answer.sqlstate)) { // the flush found a duplicate key, say
            if (writer_.connection->status() == PQTRANS_INERROR) {
                mirror_.connection->execute("DO $$ BEGIN RAISE EXCEPTION 'as the writer'; END $$");
                return;
            }
            fail("mismatch", fmt::format("seen by the {}: a committed state raises {} {}", who,
                                         answer.sqlstate, answer.message));
        }
        if (&side == &reader_ && may_be_locked_ && answer.sqlstate == "55P03")
            return;
        fail("compare",
             fmt::format("the comparison of the {} fails with {} {}", who, answer.sqlstate, answer.message));
    }
    const std::string fields = answer.rows.at(0) + "\t";
    std::size_t at = 0;
    for (std::size_t i = 0; i < scenario_.tviews.size(); ++i) {
        if (!created_[i])
            continue;
        ++outcome_.coverage.comparisons;
        const bool equal = fields[at] == 't';
        at = fields.find('\t', at) + 1;
        if (!equal)
            fail(&side == &reader_ ? "mismatch-reader" : "mismatch",
                 fmt::format("seen by the {}: {}", who,
                             describe_difference(*side.connection, scenario_.tviews[i],
                                                 view_rows(scenario_.tviews[i]))));
    }
}

void Runner::final_checks() {
    if (!parted_)
        compare(writer_, "writer at the end");
    compare(reader_, "reader at the end");
    for (std::size_t i = 0; i < scenario_.tviews.size(); ++i) {
        if (!created_[i])
            continue;
        const FlatTview &tview = scenario_.tviews[i];
        ++outcome_.coverage.comparisons;
        if (const std::string counts = reader_.connection->value(except_query(tview)); counts != "0\t0")
            fail("mismatch", fmt::format("EXCEPT ALL finds {} rows\n{}", counts,
                                         describe_difference(*reader_.connection, tview, view_rows(tview))));
        if (!tview.unordered) {
            ++outcome_.coverage.comparisons;
            if (reader_.connection->value(compare_original_query(tview)) != "t")
                fail("mismatch-original",
                     "against the SELECT as written: " +
                         describe_difference(*reader_.connection, tview, original_rows(tview)));
        }
        if (options_.engine == Engine::tviews) {
            const Answer verified = writer_.connection->execute(
                fmt::format("SELECT * FROM pg_tviews_verify({}) WHERE missing + extra + different <> 0",
                            quote(writer_.schema + "." + identifier(tview.table_name))));
            check_lost(verified, "writer");
            if (!verified.ok && verified.sqlstate != "42883")
                fail("verify", verified.message);
            if (!verified.rows.empty())
                fail("verify", "pg_tviews_verify() reports " + verified.rows.front());
            const Answer refreshed = writer_.connection->execute("SELECT pg_tviews_refresh(" +
                                                                 quote(identifier(tview.table_name)) + ")");
            check_lost(refreshed, "writer");
            if (!refreshed.ok || refreshed.rows.at(0) != "0")
                fail("refresh",
                     "pg_tviews_refresh() of an exact TVIEW: " +
                         (refreshed.ok ? refreshed.rows.at(0) + " rows changed" : refreshed.message));
        }
    }
    if (parted_)
        return;
    for (const auto &table : scenario_.tables) {
        const Answer mine = writer_.connection->execute(table_contents_query(table));
        const Answer theirs = mirror_.connection->execute(table_contents_query(table));
        if (mine.ok != theirs.ok || mine.rows != theirs.rows)
            fail("base-table", fmt::format("{} differs from the mirror's\nwith TVIEWs:\n{}\nwithout:\n{}",
                                           table, mine.ok ? mine.rows.at(0) : mine.message,
                                           theirs.ok ? theirs.rows.at(0) : theirs.message));
    }
}

} // namespace oracle
