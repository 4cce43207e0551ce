// writes.hpp - random write sequences: statements, what wraps them, and the transactions they stand in.
//
// dml.cpp makes single statements, wrapper.cpp blocks, functions, cursors and prepared statements around them,
// reading.cpp statements that read TVIEWs, sequence.cpp transactions with savepoints, two-phase commit and settings.
// Everything is decided before anything runs: the sequence does not depend on what the server answers.
//
// Statements are deterministic whatever the physical order of rows (unique matches, ordered sources, commutative
// triggers), because each runs a second time on a mirror without TVIEWs and must give the same answer there.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "definition.hpp"
#include "schema.hpp"

namespace oracle {

enum class Op {
    statement,
    begin,
    commit,
    rollback,
    savepoint,
    rollback_to,
    release,
    prepare,
    finish_prepared,
    reconnect,
    recover,
    engine
};

struct Step {
    Op op = Op::statement;
    std::string kind;
    Node sql;
    std::optional<Node> copy; // data lines of a COPY FROM STDIN
    std::vector<int> tviews;  // definitions it names; the step is left out where one of them was refused
    bool commits_inside = false;
    bool compare = false;        // compare on the writing connection afterwards
    bool compare_reader = false; // and on the reading one
    bool comparable = true;      // false: session settings would change how documents are rendered
};

struct WriteOptions {
    int steps = 30;
    std::set<std::string> only_kinds; // empty: all
};

struct Statement {
    std::string kind;
    Node sql;
    std::optional<Node> copy;
    std::vector<int> tviews;
    bool plain = true; // one INSERT, UPDATE, DELETE: can stand in a block, a function, a prepared statement
    int table = -1;
};

class Writer {
  public:
    Writer(Rng rng, const Schema &schema, const std::vector<Definition> &definitions,
           const WriteOptions &options)
        : rng_(rng), schema_(schema), definitions_(definitions), options_(options) {}

    std::vector<Step> sequence(); // sequence.cpp

  private:
    // dml.cpp
    const Table &any_table();
    const Table *table_with(bool (*accept)(const Table &));
    std::string value(const Table &table, int column);
    std::string new_uuid();
    std::string predicate(const Table &table, const std::string &alias);
    std::string key_value();
    std::string new_key();
    std::string assignments(const Table &table, const std::string &alias);
    std::vector<int> insert_columns(const Table &table, bool with_key);
    Node insert_head(const std::string &target, const Table &table, const std::vector<int> &columns);
    Node row_values(const Table &table, const std::vector<int> &columns);
    Statement insert(bool many);
    Statement insert_select();
    Statement copy();
    Statement upsert();
    Statement merge();
    Statement update(const char *kind);
    Statement update_from();
    Statement update_image();
    Statement update_key();
    Statement swap_keys();
    Statement update_link();
    Statement remove();
    Statement remove_using();
    Statement truncate();
    Statement bulk();
    Statement through_view();
    Statement partition_direct();
    Statement dml();       // any single statement
    Statement plain_dml(); // one that can be wrapped
    Statement failing();

    // wrapper.cpp
    Statement data_modifying_cte();
    Node block_body(int statements, int depth, std::vector<int> &tviews);
    Statement do_block();
    void add_procedure(std::vector<Step> &steps);
    void add_function_call(std::vector<Step> &steps);
    void add_prepared(std::vector<Step> &steps);
    void add_cursor(std::vector<Step> &steps);
    void add_role(std::vector<Step> &steps);

    // reading.cpp
    const Definition *readable(int &number);
    Statement read();
    Statement write_from_read();
    void add_read_cursor(std::vector<Step> &steps);
    void add_read_function(std::vector<Step> &steps);

    // sequence.cpp
    bool allowed(const std::string &kind) const {
        return options_.only_kinds.empty() || options_.only_kinds.contains(kind);
    }
    Step step(Statement statement);
    void add_unit(std::vector<Step> &steps, bool in_transaction);
    void add_block(std::vector<Step> &steps, int statements, int depth);
    void add_transaction(std::vector<Step> &steps);
    void add_settings(std::vector<Step> &steps);

    // engine_calls.cpp
    void add_engine_call(std::vector<Step> &steps, bool in_transaction);

    Rng rng_;
    const Schema &schema_;
    const std::vector<Definition> &definitions_;
    const WriteOptions &options_;
    int uuids_ = 0;
    int names_ = 0;
    bool rendering_changed_ = false; // in this transaction
};

} // namespace oracle
