// scenario.hpp - everything one seed does, first as droppable trees (Scenario), then as plain text (FlatScenario).
//
// The runner knows only the flat form; the shrinker drops groups of the tree and flattens again; the script writer
// prints the flat form and reads it back for --replay. `{{side}}` in a text stands for the schema it runs in.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "definition.hpp"
#include "schema.hpp"
#include "writes.hpp"

namespace oracle {

struct FlatStep {
    Op op = Op::statement;
    std::string kind;
    std::string sql;
    std::string copy;
    bool has_copy = false;
    std::vector<int> tviews;
    bool commits_inside = false, compare = false, compare_reader = false, comparable = true;
};

struct FlatTview {
    bool present = true;
    std::string table_name, view_name; // not quoted
    std::vector<std::string> keys;
    std::string select;
    std::string create;
    std::vector<int> uses;
    std::set<std::string> shapes;
    bool may_duplicate = false, may_raise = false, unordered = false, must_refuse = false;
};

struct FlatSetup {
    std::string kind;
    std::string sql;
    bool after_tviews = false;
};

struct FlatScenario {
    std::uint64_t seed = 0;
    std::vector<std::string> settings; // SET ... for every session of the writer
    std::vector<FlatSetup> setup;
    std::vector<FlatTview> tviews;
    std::vector<FlatStep> steps;
    std::vector<std::string> tables;    // base tables, not quoted
    bool create_in_transaction = false; // TVIEWs and what is loaded after them, in one transaction
    bool deferred_keys = false;         // a key may be duplicate in mid-transaction
};

struct Scenario {
    std::uint64_t seed = 0;
    std::vector<std::string> settings;
    bool create_in_transaction = false;
    Schema schema;
    std::vector<Definition> definitions;
    std::vector<Step> steps;
    int groups = 1; // group numbers are 1 .. groups - 1
};

struct ScenarioOptions {
    int server_version = 150000;
    WriteOptions writes;
    DefinitionOptions definitions;
};

Scenario make_scenario(std::uint64_t seed, const ScenarioOptions &options);
FlatScenario flatten(const Scenario &scenario, const Dropped &dropped = {});

std::string create_statement(const Definition &definition, const std::string &select);
std::string key_not_null(const std::vector<std::string> &keys, const std::string &alias);
std::string on_side(std::string text, const std::string &side); // replaces {{side}}

} // namespace oracle
