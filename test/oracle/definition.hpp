// definition.hpp - one random TVIEW definition: its SELECT as a droppable tree, its key, and what is known about it.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "context.hpp"

namespace oracle {

enum class CreateStyle {
    create_table_as,
    select_into,
    create_function,
    create_function_keys,
    ddl_function,
    do_block
};

struct Definition {
    std::string entity;
    std::string table_name; // tv_<entity>
    std::string view_name;  // v_<entity>
    std::vector<std::string> keys;
    bool explicit_keys = false;
    Node select;
    CreateStyle style = CreateStyle::create_table_as;
    std::string options;  // of pg_tviews_create(); empty: none
    RelationPtr relation; // what later definitions and writes can read
    std::set<std::string> shapes;
    std::vector<int> uses; // earlier definitions it reads
    bool may_duplicate = false, may_raise = false, unordered = false, must_refuse = false;
};

struct DefinitionOptions {
    std::vector<std::string> wanted_shapes; // at least one of them, if any is given
};

// `number` definitions over the schema, later ones possibly over earlier ones.
std::vector<Definition> make_definitions(const Rng &seed, const Schema &schema, int number,
                                         const DefinitionOptions &options);

// spine.cpp: the forms a whole SELECT can take
struct Output {
    std::string name;
    Node sql;
    Column column; // type, domain and uniqueness, for definitions built on this one
};
struct Spine {
    Node before;                 // WITH ..., or nothing
    std::vector<Output> outputs; // key columns first
    int keys = 1;
    bool explicit_keys = false;
    std::string distinct; // DISTINCT, DISTINCT ON (...)
    Node tail;            // FROM ... and all after it
    std::vector<std::pair<std::string, Node>>
        branches; // further SELECTs with the same outputs: operator, tail
};
std::optional<Spine> make_spine(Context &c, const std::string &entity);

} // namespace oracle
