// reading.cpp - statements that read TVIEWs in the middle of writes: the writer must see its own changes.
//
// On the mirror a TVIEW is a plain view with the same definition, so what a statement reads here must equal what it
// reads there. Definitions with aggregates without ORDER BY are read by their keys only.

#include "writes.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle {

namespace {

std::string keys_of(const Definition &definition, const std::string &alias) {
    std::string out;
    for (const auto &key : definition.keys)
        out += (out.empty() ? "" : ", ") + (alias.empty() ? "" : alias + ".") + identifier(key);
    return out;
}

bool has_integer_key(const Definition &definition) { return definition.relation->key >= 0; }

} // namespace

const Definition *Writer::readable(int &number) {
    if (definitions_.empty())
        return nullptr;
    number = rng_.below(static_cast<int>(definitions_.size()));
    return &definitions_[static_cast<std::size_t>(number)];
}

Statement Writer::read() {
    int number = 0;
    const Definition *definition = readable(number);
    if (definition == nullptr)
        return update("update");
    const std::string table = identifier(definition->table_name);
    const std::string keys = keys_of(*definition, "t");
    const std::string columns = definition->unordered ? keys : "t.*";
    Node text;
    std::string kind = "read";
    switch (rng_.below(9)) {
    case 0:
        text = fmt::format("SELECT {} FROM {} t ORDER BY {}", columns, table, keys);
        break;
    case 1:
        text = fmt::format("SELECT count(*) FROM {}", table);
        break;
    case 2:
        kind = "read-cte";
        text =
            fmt::format("WITH x AS (SELECT * FROM {}) SELECT {} FROM x t ORDER BY {}", table, columns, keys);
        break;
    case 3:
        kind = "read-subquery";
        text = fmt::format(
            "SELECT (SELECT count(*) FROM {0}), EXISTS (SELECT FROM {0}), (SELECT max({1}::text) FROM {0})",
            table, identifier(definition->keys[0]));
        break;
    case 4:
        kind = "read-copy";
        text = fmt::format("COPY (SELECT {} FROM {} t ORDER BY {}) TO STDOUT", columns, table, keys);
        break;
    case 5: {
        const Table *base = table_with([](const Table &t) { return t.key >= 0; });
        kind = "read-join";
        text = fmt::format("SELECT {} FROM {} t LEFT JOIN {} b ON b.{}::text = t.{}::text ORDER BY {}",
                           columns, table, identifier(base->name),
                           identifier(base->columns[static_cast<std::size_t>(base->key)].name),
                           identifier(definition->keys[0]), keys);
        break;
    }
    case 6:
        kind = "read-where";
        text = fmt::format("SELECT {} FROM {} t WHERE t.{}::text = {} ORDER BY {}", columns, table,
                           identifier(definition->keys[0]), quote(key_value()), keys);
        break;
    case 7:
        kind = "read-mixed"; // the TVIEW beside a base table it is made from
        text = fmt::format("SELECT (SELECT count(*) FROM {}), (SELECT count(*) FROM {})", table,
                           identifier(any_table().name));
        break;
    default:
        kind = "read-union";
        text = fmt::format("SELECT {0}::text FROM {1} UNION SELECT {0}::text FROM {1} ORDER BY 1",
                           identifier(definition->keys[0]), table);
        break;
    }
    return {kind, std::move(text), {}, {number}, false, -1};
}

// A write whose source is a TVIEW: what was stale would stay in a base table and show in the mirror's contents.
Statement Writer::write_from_read() {
    int number = 0;
    const Definition *definition = readable(number);
    const Table *table = table_with([](const Table &t) {
        return t.key >= 0 && std::any_of(t.columns.begin(), t.columns.end(), [](const Column &c) {
                   return c.role == Role::payload && c.type == Type::int4;
               });
    });
    if (definition == nullptr || table == nullptr)
        return update("update");
    std::string number_column;
    for (const auto &column : table->columns)
        if (column.role == Role::payload && column.type == Type::int4)
            number_column = identifier(column.name);
    const std::string key = identifier(table->columns[static_cast<std::size_t>(table->key)].name);
    const std::string tview = identifier(definition->table_name);
    Statement made{"write-from-tview", {}, {}, {number}, true, table->number};
    if (has_integer_key(*definition) && rng_.chance(50))
        made.sql =
            fmt::format("UPDATE {} t SET {} = 3 WHERE EXISTS (SELECT FROM {} v WHERE v.{} = t.{})",
                        identifier(table->name), number_column, tview, identifier(definition->keys[0]), key);
    else if (rng_.chance(30))
        made.sql = fmt::format("DELETE FROM {} WHERE {} = (SELECT count(*) FROM {})", identifier(table->name),
                               key, tview);
    else
        made.sql = fmt::format("UPDATE {} SET {} = (SELECT count(*) FROM {}) WHERE {} < 6",
                               identifier(table->name), number_column, tview, key);
    return made;
}

// A cursor over a TVIEW keeps the state in which it was opened.
void Writer::add_read_cursor(std::vector<Step> &steps) {
    int number = 0;
    const Definition *definition = readable(number);
    if (definition == nullptr)
        return;
    const std::string name = "tc_" + std::to_string(++names_);
    const std::string columns = definition->unordered ? keys_of(*definition, "t") : "t.*";
    auto add = [&](std::string text) {
        Step made;
        made.kind = "read-cursor";
        made.sql = std::move(text);
        made.tviews = {number};
        steps.push_back(std::move(made));
    };
    add(fmt::format("DECLARE {}{} CURSOR FOR SELECT {} FROM {} t ORDER BY {}", name,
                    rng_.chance(40) ? " SCROLL" : "", columns, identifier(definition->table_name),
                    keys_of(*definition, "t")));
    add(fmt::format("FETCH 2 FROM {}", name));
    for (int i = rng_.between(1, 2); i > 0; --i)
        steps.push_back(step(plain_dml())); // no TRUNCATE: the mirror's cursor would hold the base table open
    add(fmt::format("FETCH ALL FROM {}", name));
    add(fmt::format("CLOSE {}", name));
}

// Functions of every volatility that read a TVIEW, called after a write in the same transaction.
void Writer::add_read_function(std::vector<Step> &steps) {
    int number = 0;
    const Definition *definition = readable(number);
    if (definition == nullptr)
        return;
    const std::string name = "f_read_" + std::to_string(++names_);
    const std::string volatility = rng_.pick({"STABLE", "VOLATILE"});
    const std::string query =
        definition->unordered
            ? fmt::format("SELECT string_agg(t.{0}::text, ',' ORDER BY t.{0}::text) FROM {1} t",
                          identifier(definition->keys[0]), identifier(definition->table_name))
            : fmt::format("SELECT string_agg(t::text, ',' ORDER BY t::text COLLATE \"C\") FROM {} t",
                          identifier(definition->table_name));
    Step create;
    create.kind = "create-function";
    create.tviews = {number};
    if (rng_.chance(50))
        create.sql = fmt::format("CREATE FUNCTION {}() RETURNS text LANGUAGE sql {} AS $f$ {} $f$", name,
                                 volatility, query);
    else
        create.sql = fmt::format(
            "CREATE FUNCTION {}() RETURNS text LANGUAGE plpgsql {} AS $f$ BEGIN RETURN ({}); END $f$", name,
            volatility, query);
    steps.push_back(std::move(create));
    for (int i = rng_.between(1, 3); i > 0; --i) {
        steps.push_back(step(dml()));
        Step call;
        call.kind = "read-function";
        call.tviews = {number};
        call.sql = sql("SELECT {}()", name);
        steps.push_back(std::move(call));
    }
}

} // namespace oracle
