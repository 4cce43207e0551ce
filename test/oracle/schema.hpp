// schema.hpp - the random database of one seed: tables with their rows, views, triggers, rules and functions.
//
// Tables are numbered; a foreign key always points to a table with a smaller number or to the table itself, so that
// number order is a valid order of creation and loading. The SQL is kept as droppable trees for the shrinker.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "relation.hpp"

namespace oracle {

enum class Partitioning { none, hash, range, list };

struct ForeignKey {
    int column = 0;
    int parent = 0;        // table number
    int parent_column = 0; // its key or natural key
    bool constraint = false;
    bool natural = false;
    std::string actions; // ON DELETE ... DEFERRABLE ...
};

struct Table {
    int number = 0;
    std::string entity; // user, "order item", ...
    std::string name;   // tb_<entity>
    std::vector<Column> columns;
    int key = -1, id = -1, soft_delete = -1, self_link = -1;
    bool identity = false, identity_always = false;
    bool key_constraint = true; // the key alone is the primary key
    bool deferrable_key = false;
    bool junction = false;
    bool dropped_column = false;
    bool has_rule = false;
    Partitioning partitioning = Partitioning::none;
    std::vector<std::string> partitions;
    std::vector<int> unique_key;
    std::vector<ForeignKey> foreign_keys;
    std::vector<std::vector<Value>> rows; // initial ones, by column; generated columns hold nothing

    [[nodiscard]] std::vector<int> columns_of_role(Role role) const;
    [[nodiscard]] std::vector<int> payload() const; // columns a random UPDATE may set freely
    [[nodiscard]] const ForeignKey *link(int column) const;
};

// A view or rule that writes can go through.
struct WritableView {
    std::string name;
    int table = 0;
    std::vector<int> columns;       // of the table, in the view's order
    std::vector<std::string> names; // of the view
    std::string kind;               // write-view, write-rule, write-instead
};

struct SetupItem {
    std::string kind; // table, view, trigger, ...: for the coverage table
    Node sql;
    bool after_tviews = false;
};

struct Schema {
    int server_version = 150000;
    std::vector<Table> tables;
    std::vector<RelationPtr> relations; // tables and plain views, as sources of definitions
    std::vector<WritableView> writable_views;
    std::vector<SetupItem> items;
    std::set<int> trigger_targets; // tables that triggers write: their rows may change behind a statement
    bool has_user_functions = false;
};

// Options that come from the seed's caller, not from its random numbers.
struct SchemaOptions {
    int server_version = 150000;
};

Schema make_schema(const Rng &seed, const SchemaOptions &options);

// schema_sql.cpp
Node create_table(const Table &table, const Schema &schema);
Node insert_rows(const Table &table, const std::vector<std::vector<Value>> &rows);
std::string column_tag(const Table &table, int column); // drop tag of a column, everywhere it is named

// objects.cpp: views, rules, triggers and functions over the tables
void add_user_types(Schema &schema);
void add_views(Schema &schema, Rng rng);
void add_triggers(Schema &schema, Rng rng);

} // namespace oracle
