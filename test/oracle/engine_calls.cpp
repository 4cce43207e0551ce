// engine_calls.cpp - steps for the writer alone: functions of the extension and DDL on TVIEWs between the writes.
//
// None of them may change what a TVIEW holds. The runner leaves out those whose function the server does not have;
// `kind` is the function's name for that.

#include "writes.hpp"

#include <fmt/format.h>

#include "scenario.hpp"

namespace oracle {

void Writer::add_engine_call(std::vector<Step> &steps, bool in_transaction) {
    if (definitions_.empty())
        return;
    const int number = rng_.below(static_cast<int>(definitions_.size()));
    const Definition &definition = definitions_[static_cast<std::size_t>(number)];
    const std::string name = quote(identifier(definition.table_name));
    auto call = [&](std::string kind, std::string text, bool compare) {
        Step made;
        made.op = Op::engine;
        made.kind = std::move(kind);
        made.sql = std::move(text);
        made.tviews = {number};
        made.compare = compare;
        made.comparable = !rendering_changed_;
        steps.push_back(std::move(made));
    };
    const bool last = number + 1 == static_cast<int>(definitions_.size()); // nothing is built on it
    const bool sure = !definition.may_duplicate && !definition.may_raise;
    switch (rng_.below(12)) {
    case 0:
        call("pg_tviews_flush", "SELECT pg_tviews_flush()", true);
        break;
    case 1:
        call("pg_tviews_refresh", fmt::format("SELECT pg_tviews_refresh({})", name), true);
        break;
    case 2:
        call("pg_tviews_verify", fmt::format("SELECT * FROM pg_tviews_verify({})", name), true);
        break;
    case 3:
        call("pg_tviews_reinstall_triggers", fmt::format("SELECT pg_tviews_reinstall_triggers({})", name),
             false);
        break;
    case 4:
        if (in_transaction) {
            call("pg_tviews_suspend", fmt::format("SELECT pg_tviews_suspend({})", name), false);
            for (int i = rng_.between(1, 3); i > 0; --i) {
                steps.push_back(step(dml()));
                steps.back().compare = false;
            }
            call("pg_tviews_resume", fmt::format("SELECT pg_tviews_resume({})", name), true);
        }
        break;
    case 5:
        call("pg_tviews_install_stmt_triggers", "SELECT pg_tviews_install_stmt_triggers()", false);
        break;
    case 6:
        call("pg_tviews_uninstall_stmt_triggers", "SELECT pg_tviews_uninstall_stmt_triggers()", false);
        break;
    case 7:
        call("pg_tviews_flush_and_report", "SELECT pg_tviews_flush_and_report()", true);
        break;
    case 8:
        if (!definition.explicit_keys)
            call("pg_tviews_replace",
                 fmt::format("SELECT pg_tviews_replace({}, $sql${}\n$sql$)", name, render(definition.select)),
                 true);
        break;
    case 9:
        if (last && in_transaction) { // gone and back by rollback
            const std::string savepoint = "dropped_" + std::to_string(++names_);
            call("drop-undone", "SAVEPOINT " + savepoint, false);
            call("drop-undone", fmt::format("DROP TABLE {}", identifier(definition.table_name)), false);
            call("drop-undone", "ROLLBACK TO SAVEPOINT " + savepoint, true);
        }
        break;
    case 10:
        call("enable_patch", fmt::format("SET pg_tviews.enable_patch = {}", rng_.chance(70) ? "on" : "off"),
             false);
        break;
    default:
        if (last && sure)
            call("recreate",
                 fmt::format("DROP TABLE {};\n{}", identifier(definition.table_name),
                             create_statement(definition, render(definition.select))),
                 true);
        break;
    }
}

} // namespace oracle
