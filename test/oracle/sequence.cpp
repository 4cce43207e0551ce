// sequence.cpp - the order of things: single statements, transactions at every isolation level, nested savepoints,
// two-phase commit, changed session settings.
//
// Whether TVIEWs are compared in mid-transaction is drawn per transaction: a comparison makes the extension flush, and
// long dirty transactions have to be tried as well.

#include "writes.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

Step control(Op op, std::string kind, std::string text) {
    Step made;
    made.op = op;
    made.kind = std::move(kind);
    made.sql = std::move(text);
    return made;
}

} // namespace

Step Writer::step(Statement statement) {
    Step made;
    made.kind = std::move(statement.kind);
    made.sql = std::move(statement.sql);
    made.copy = std::move(statement.copy);
    made.tviews = std::move(statement.tviews);
    made.compare = true;
    made.comparable = !rendering_changed_;
    return made;
}

// One unit of work: a statement, or a few that belong together.
void Writer::add_unit(std::vector<Step> &steps, bool in_transaction) {
    struct Choice {
        int weight;
        const char *kind;
    };
    static const std::vector<Choice> choices{{62, ""},
                                             {7, "cte-dml"},
                                             {7, "do-block"},
                                             {4, "function-call"},
                                             {4, "prepared"},
                                             {4, "cursor"},
                                             {3, "set-role"},
                                             {8, "read"},
                                             {5, "write-from-tview"},
                                             {2, "read-cursor"},
                                             {3, "read-function"},
                                             {3, "engine"}};
    std::vector<int> weights;
    for (const auto &choice : choices)
        weights.push_back(*choice.kind == '\0' || allowed(choice.kind) ? choice.weight : 0);
    const int drawn = rng_.weighted(weights);
    if (rendering_changed_ && (drawn == 7 || drawn == 9 ||
                               drawn == 10)) { // documents would look different in the mirror's settings
        steps.push_back(step(dml()));
        return;
    }
    switch (drawn) {
    case 1:
        steps.push_back(step(data_modifying_cte()));
        break;
    case 2:
        steps.push_back(step(do_block()));
        break;
    case 3:
        add_function_call(steps);
        break;
    case 4:
        add_prepared(steps);
        break;
    case 5:
        if (in_transaction)
            add_cursor(steps);
        break;
    case 6:
        if (in_transaction)
            add_role(steps);
        break;
    case 7:
        steps.push_back(step(read()));
        break;
    case 8:
        steps.push_back(step(write_from_read()));
        break;
    case 9:
        if (in_transaction)
            add_read_cursor(steps);
        break;
    case 10:
        add_read_function(steps);
        break;
    case 11:
        add_engine_call(steps, in_transaction);
        break;
    default:
        steps.push_back(step(dml()));
        break;
    }
}

void Writer::add_block(std::vector<Step> &steps, int statements, int depth) {
    for (int i = 0; i < statements; ++i) {
        if (depth == 0 || !rng_.chance(28)) {
            add_unit(steps, true);
            continue;
        }
        const std::string name =
            "sp" + std::to_string(rng_.chance(80) ? ++names_ : names_); // sometimes the same name again
        steps.push_back(control(Op::savepoint, "savepoint", "SAVEPOINT " + name));
        add_block(steps, rng_.between(1, 3), depth - 1);
        switch (rng_.weighted({40, 25, 20, 15})) {
        case 0:
            steps.push_back(control(Op::rollback_to, "rollback-to", "ROLLBACK TO SAVEPOINT " + name));
            break;
        case 1:
            steps.push_back(control(Op::release, "release", "RELEASE SAVEPOINT " + name));
            break;
        case 2:
            steps.push_back(control(Op::rollback_to, "rollback-to", "ROLLBACK TO SAVEPOINT " + name));
            add_block(steps, 1, 0);
            steps.push_back(
                control(rng_.chance(50) ? Op::release : Op::rollback_to, "release",
                        (rng_.chance(50) ? "RELEASE SAVEPOINT " : "ROLLBACK TO SAVEPOINT ") + name));
            break;
        default:
            break; // left open
        }
    }
}

// Settings that must not show in documents: the extension renders with the creator's.
void Writer::add_settings(std::vector<Step> &steps) {
    Step made;
    made.kind = "set-local";
    made.sql = rng_.pick({"SET LOCAL TimeZone = 'Asia/Tokyo'", "SET LOCAL DateStyle = 'German, DMY'",
                          "SET LOCAL IntervalStyle = 'iso_8601'", "SET LOCAL bytea_output = 'escape'",
                          "SET LOCAL extra_float_digits = -3", "SET LOCAL lc_numeric = 'C'"});
    made.comparable = false;
    rendering_changed_ = true;
    steps.push_back(std::move(made));
}

void Writer::add_transaction(std::vector<Step> &steps) {
    static const std::vector<std::string> levels{"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};
    const int level = rng_.weighted({50, 28, 22});
    Step begin = control(Op::begin,
                         level == 0   ? "read-committed"
                         : level == 1 ? "repeatable-read"
                                      : "serializable",
                         "BEGIN ISOLATION LEVEL " + levels[static_cast<std::size_t>(level)]);
    std::vector<Step> inner;
    rendering_changed_ = false;
    if (rng_.chance(10) && allowed("set-local"))
        add_settings(inner);
    if (rng_.chance(18) && allowed("set-constraints")) {
        Step made;
        made.kind = "set-constraints";
        made.sql = rng_.pick({"SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL IMMEDIATE"});
        inner.push_back(std::move(made));
    }
    const std::size_t guarded_from = inner.size();
    add_block(inner, rng_.chance(12) ? rng_.between(8, 16) : rng_.between(1, 6), 3);
    if (rng_.chance(60)) { // an error costs one statement and not the rest of the transaction
        std::vector<Step> guarded(inner.begin(), inner.begin() + static_cast<std::ptrdiff_t>(guarded_from));
        for (std::size_t i = guarded_from; i < inner.size(); ++i) {
            const bool statement = inner[i].op == Op::statement;
            if (statement)
                guarded.push_back(control(Op::savepoint, "savepoint", "SAVEPOINT guard"));
            guarded.push_back(std::move(inner[i]));
            if (statement)
                guarded.push_back(control(Op::recover, "recover", "ROLLBACK TO SAVEPOINT guard"));
        }
        inner = std::move(guarded);
    }
    const int comparing = rng_.weighted({40, 25, 35});
    for (Step &each : inner) {
        each.compare = each.compare && each.op == Op::statement && !rendering_changed_ &&
                       (comparing == 1 || (comparing == 2 && rng_.chance(40)));
        each.compare_reader = rng_.chance(6);
        each.comparable = each.comparable && !rendering_changed_;
    }
    steps.push_back(std::move(begin));
    for (Step &each : inner)
        steps.push_back(std::move(each));
    const std::string gid = "{{side}}_" + std::to_string(++names_);
    const int end = rng_.weighted(
        {66, 14, allowed("prepare-transaction") ? 9 : 0, allowed("prepare-transaction") ? 6 : 0, 5});
    if (end == 0) {
        steps.push_back(control(Op::commit, "commit", "COMMIT"));
    } else if (end == 1) {
        steps.push_back(control(Op::rollback, "rollback", "ROLLBACK"));
    } else if (end == 4) {
        steps.push_back(control(Op::commit, "commit-chain", "COMMIT AND CHAIN"));
        steps.push_back(step(dml()));
        steps.push_back(control(Op::commit, "commit", "COMMIT"));
    } else {
        steps.push_back(control(Op::prepare, "prepare-transaction", "PREPARE TRANSACTION '" + gid + "'"));
        steps.back().compare_reader = true;
        steps.push_back(control(Op::finish_prepared, end == 2 ? "commit-prepared" : "rollback-prepared",
                                (end == 2 ? "COMMIT PREPARED '" : "ROLLBACK PREPARED '") + gid + "'"));
    }
    steps.back().compare = steps.back().compare_reader = true;
    rendering_changed_ = false;
}

std::vector<Step> Writer::sequence() {
    std::vector<Step> steps;
    while (static_cast<int>(steps.size()) < options_.steps) {
        if (rng_.chance(55)) {
            add_transaction(steps);
        } else if (rng_.chance(9) && allowed("do-commit")) {
            add_procedure(steps);
        } else if (rng_.chance(5)) {
            steps.push_back(control(Op::reconnect, "reconnect", ""));
        } else {
            const std::size_t before = steps.size();
            add_unit(steps, false);
            for (std::size_t i = before; i < steps.size(); ++i)
                steps[i].compare_reader = steps[i].compare || rng_.chance(50);
        }
    }
    return steps;
}

} // namespace oracle
