// script.cpp - writing and reading scenario scripts. See script.hpp.
//
// A marker is `--@ what` followed by tab-separated fields; the SQL that belongs to it follows until the next marker.

#include "script.hpp"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace oracle {

namespace {

std::string marker(const std::string &what, const std::vector<std::string> &fields) {
    std::string out = "--@ " + what;
    for (const auto &field : fields)
        out += "\t" + field;
    return out + "\n";
}

std::string commented(const std::string &text, const std::string &prefix) {
    std::string out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        out += prefix + line + "\n";
    return out;
}

std::string numbers(const std::vector<int> &values) {
    std::string out;
    for (const int value : values)
        out += (out.empty() ? "" : " ") + std::to_string(value);
    return out;
}

std::vector<int> parse_numbers(const std::string &text) {
    std::vector<int> values;
    std::istringstream in(text);
    for (int value; in >> value;)
        values.push_back(value);
    return values;
}

std::vector<std::string> split(const std::string &text, char separator) {
    std::vector<std::string> fields{""};
    for (const char c : text) {
        if (c == separator)
            fields.emplace_back();
        else
            fields.back() += c;
    }
    return fields;
}

std::string check(const FlatScenario &scenario) {
    std::string out = marker("check", {});
    for (const FlatTview &tview : scenario.tviews) {
        if (!tview.present)
            continue;
        const std::string table = fmt::format("SELECT r::text FROM {} r", identifier(tview.table_name));
        const std::string view = fmt::format("SELECT r::text FROM {} r WHERE {}", identifier(tview.view_name),
                                             key_not_null(tview.keys, "r"));
        out += fmt::format(
            "SELECT 'WRONG, only in {0}' AS problem, q.* FROM (({1}) EXCEPT ALL ({2})) q UNION ALL\n"
            "SELECT 'WRONG, only in {3}', q.* FROM (({2}) EXCEPT ALL ({1})) q;\n",
            tview.table_name, table, view, tview.view_name);
    }
    return out;
}

std::string replace_all(std::string text, const std::string &from, const std::string &to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

std::string flag(bool value) { return value ? "1" : "0"; }

} // namespace

std::string to_script(const FlatScenario &scenario, const Failure *failure) {
    const std::string schema = "s" + std::to_string(scenario.seed);
    std::string out = fmt::format(
        "-- Oracle scenario of seed {}. Run it with psql; every row that says WRONG is a difference.\n",
        scenario.seed);
    if (failure != nullptr)
        out += commented("Failure: " + failure->kind + "\n" + failure->text, "--   ");
    out += fmt::format(
        "CREATE EXTENSION IF NOT EXISTS pg_tviews;\n"
        "DO $$ BEGIN CREATE ROLE oracle_writer; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n"
        "DROP SCHEMA IF EXISTS {0} CASCADE;\nCREATE SCHEMA {0};\nSET search_path = {0}, public;\n",
        schema);
    std::vector<std::string> head{std::to_string(scenario.seed), flag(scenario.deferred_keys),
                                  flag(scenario.create_in_transaction)};
    head.insert(head.end(), scenario.tables.begin(), scenario.tables.end());
    out += marker("scenario", head);
    for (const auto &setting : scenario.settings)
        out += marker("setting", {}) + setting + ";\n";
    auto setup = [&](bool after) {
        for (const auto &item : scenario.setup)
            if (item.after_tviews == after)
                out += marker("setup", {item.kind, flag(after)}) + item.sql + ";\n";
    };
    setup(false);
    if (scenario.create_in_transaction)
        out += marker("begin", {}) + "BEGIN;\n";
    for (const auto &tview : scenario.tviews) {
        if (!tview.present) {
            out += marker("absent", {});
            continue;
        }
        std::vector<std::string> fields{tview.table_name,          tview.view_name,
                                        flag(tview.may_duplicate), flag(tview.may_raise),
                                        flag(tview.unordered),     numbers(tview.uses)};
        fields.insert(fields.end(), tview.keys.begin(), tview.keys.end());
        out += marker("tview", fields) + commented(tview.select, "--| ") + tview.create + ";\n";
    }
    setup(true);
    if (scenario.create_in_transaction)
        out += marker("commit", {}) + "COMMIT;\n";
    for (const auto &step : scenario.steps) {
        out += marker("step", {std::to_string(static_cast<int>(step.op)), step.kind,
                               flag(step.commits_inside), flag(step.compare), flag(step.compare_reader),
                               flag(step.comparable), flag(step.has_copy), numbers(step.tviews)});
        if (step.op == Op::reconnect) {
            out += fmt::format("\\connect\nSET search_path = {}, public;\n", schema);
            continue;
        }
        if (step.op == Op::recover) {
            out += "\\if :ERROR\n" + step.sql + ";\n\\endif\n";
            continue;
        }
        out += step.sql + ";\n";
        if (step.has_copy)
            out += step.copy + "\\.\n";
        if (step.compare && step.comparable)
            out += check(scenario);
    }
    out += check(scenario);
    return on_side(out, schema);
}

FlatScenario from_script(const std::string &text) {
    FlatScenario scenario;
    std::istringstream in(text);
    std::string line;
    struct Block {
        std::vector<std::string> fields;
        std::string select, body;
    };
    std::vector<Block> blocks;
    while (std::getline(in, line)) {
        if (line.starts_with("--@ "))
            blocks.push_back({split(line.substr(4), '\t'), "", ""});
        else if (!blocks.empty() && line.starts_with("--| "))
            blocks.back().select += (blocks.back().select.empty() ? "" : "\n") + line.substr(4);
        else if (!blocks.empty())
            blocks.back().body += line + "\n";
    }
    auto statement = [&](const std::string &body) { return body.substr(0, body.rfind(";\n")); };
    for (auto &block : blocks) {
        const auto &f = block.fields;
        const std::string side = "s" + std::to_string(scenario.seed);
        block.body = replace_all(replace_all(block.body, "'" + side + "_", "'{{side}}_"),
                                 "SCHEMA " + side + " ", "SCHEMA {{side}} ");
        if (f[0] == "scenario") {
            scenario.seed = std::stoull(f.at(1));
            scenario.deferred_keys = f.at(2) == "1";
            scenario.create_in_transaction = f.at(3) == "1";
            scenario.tables.assign(f.begin() + 4, f.end());
        } else if (f[0] == "setting") {
            scenario.settings.push_back(statement(block.body));
        } else if (f[0] == "setup") {
            scenario.setup.push_back({f.at(1), statement(block.body), f.at(2) == "1"});
        } else if (f[0] == "absent") {
            scenario.tviews.emplace_back();
            scenario.tviews.back().present = false;
        } else if (f[0] == "tview") {
            FlatTview tview;
            tview.table_name = f.at(1);
            tview.view_name = f.at(2);
            tview.may_duplicate = f.at(3) == "1";
            tview.may_raise = f.at(4) == "1";
            tview.unordered = f.at(5) == "1";
            tview.uses = parse_numbers(f.at(6));
            tview.keys.assign(f.begin() + 7, f.end());
            tview.select = block.select;
            tview.create = statement(block.body);
            scenario.tviews.push_back(std::move(tview));
        } else if (f[0] == "step") {
            FlatStep step;
            step.op = static_cast<Op>(std::stoi(f.at(1)));
            step.kind = f.at(2);
            step.commits_inside = f.at(3) == "1";
            step.compare = f.at(4) == "1";
            step.compare_reader = f.at(5) == "1";
            step.comparable = f.at(6) == "1";
            step.has_copy = f.at(7) == "1";
            step.tviews = parse_numbers(f.at(8));
            if (step.op == Op::recover) {
                const std::size_t start = block.body.find('\n') + 1;
                step.sql = block.body.substr(start, block.body.rfind(";\n") - start);
            } else if (step.has_copy) {
                const std::size_t end = block.body.find(" FROM STDIN;\n") + 11;
                step.sql = block.body.substr(0, end);
                step.copy = block.body.substr(end + 2, block.body.rfind("\\.\n") - end - 2);
            } else {
                step.sql = statement(block.body);
            }
            scenario.steps.push_back(std::move(step));
        }
    }
    if (scenario.setup.empty())
        throw std::runtime_error("not a scenario script: no --@ setup in it");
    return scenario;
}

} // namespace oracle
