// insert.cpp - statements that add rows: INSERT, INSERT .. SELECT, COPY, ON CONFLICT, MERGE.
//
// Multi-row sources are ordered and MERGE sources have distinct keys, so that identity values and outcomes do not
// depend on the plan.

#include "writes.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

std::string name_of(const Table &table, int c) {
    return identifier(table.columns[static_cast<std::size_t>(c)].name);
}

bool has_key(const Table &table) { return table.key >= 0; }

} // namespace

std::vector<int> Writer::insert_columns(const Table &table, bool with_key) {
    std::vector<int> columns;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column &column = table.columns[i];
        const bool key = static_cast<int>(i) == table.key;
        if (column.role == Role::generated || (key && !with_key))
            continue;
        if (key || column.not_null || rng_.chance(80))
            columns.push_back(static_cast<int>(i));
    }
    return columns;
}

Node Writer::insert_head(const std::string &target, const Table &table, const std::vector<int> &columns) {
    std::string names;
    bool with_key = false;
    for (const int c : columns) {
        names += (names.empty() ? "" : ", ") + name_of(table, c);
        with_key = with_key || c == table.key;
    }
    return fmt::format("INSERT INTO {} ({}){}", target, names,
                       with_key && table.identity_always && rng_.chance(85) ? " OVERRIDING SYSTEM VALUE"
                                                                            : "");
}

Node Writer::row_values(const Table &table, const std::vector<int> &columns) {
    std::string values;
    for (const int c : columns)
        values += (values.empty() ? "" : ", ") + value(table, c);
    return "(" + values + ")";
}

Statement Writer::insert(bool many) {
    const Table &table = any_table();
    const bool with_key = !table.identity || rng_.chance(55);
    const auto columns = insert_columns(table, with_key);
    std::vector<Node> rows;
    for (int i = many ? rng_.between(2, 6) : 1; i > 0; --i)
        rows.push_back(row_values(table, columns));
    Node text = sql("{} VALUES {}", insert_head(identifier(table.name), table, columns),
                    list("", ", ", "", std::move(rows)));
    if (rng_.chance(12))
        text = sql("{} RETURNING *", text);
    return {many ? "insert-multi" : "insert", std::move(text), {}, {}, true, table.number};
}

Statement Writer::insert_select() {
    const Table &table = any_table();
    const Table *source = table_with(has_key);
    const auto columns = insert_columns(table, true);
    std::string list_of_values;
    for (const int c : columns) {
        std::string item = value(table, c);
        if (c == table.key)
            item = fmt::format("s.{} + {}", name_of(*source, source->key), rng_.pick({"7", "3", "14", "1"}));
        else if (c == table.id)
            item = fmt::format("md5(s.{}::text || '{}')::uuid", name_of(*source, source->key), ++uuids_);
        else if (const ForeignKey *link = table.link(c); link != nullptr && !link->natural && rng_.chance(40))
            item = fmt::format("s.{}", name_of(*source, source->key));
        if (item.starts_with('\'') || item.starts_with("E'"))
            item += "::" + std::string(info(table.columns[static_cast<std::size_t>(c)].type).name);
        list_of_values += (list_of_values.empty() ? "" : ", ") + item;
    }
    return {"insert-select",
            sql("{} SELECT {} FROM {} s WHERE {} ORDER BY s.{}",
                insert_head(identifier(table.name), table, columns), list_of_values, identifier(source->name),
                predicate(*source, "s"), name_of(*source, source->key)),
            {},
            {},
            true,
            table.number};
}

Statement Writer::copy() {
    const Table &table = any_table();
    const auto columns = insert_columns(table, !table.identity || rng_.chance(50));
    std::string names;
    for (const int c : columns)
        names += (names.empty() ? "" : ", ") + name_of(table, c);
    std::vector<Node> lines;
    for (int i = rng_.between(1, 6); i > 0; --i) {
        std::string line;
        for (const int c : columns) {
            const Column &column = table.columns[static_cast<std::size_t>(c)];
            Value field;
            if (column.role == Role::payload || column.role == Role::soft_delete)
                field = random_value(rng_, column.type, column.not_null ? 2 : 20);
            else if (std::string text = value(table, c); text != "NULL")
                field = text.front() == '\'' ? text.substr(1, text.size() - 2) : text;
            line += (c == columns.front() ? "" : "\t") + copy_field(field);
        }
        lines.emplace_back(line + "\n");
    }
    Statement made{"copy",
                   fmt::format("COPY {} ({}) FROM STDIN", identifier(table.name), names),
                   list("", "", "", std::move(lines)),
                   {},
                   false,
                   table.number};
    return made;
}

Statement Writer::upsert() {
    const Table *table = table_with(has_key);
    const auto columns = insert_columns(*table, true);
    std::vector<Node> rows;
    for (int i = rng_.between(1, 4); i > 0; --i)
        rows.push_back(row_values(*table, columns));
    const bool update = rng_.chance(65);
    std::string target;
    for (const int c : table->unique_key)
        target += (target.empty() ? "(" : ", ") + name_of(*table, c);
    target += ")";
    const auto natural = table->columns_of_role(Role::natural);
    if (!natural.empty() && rng_.chance(40))
        target = "(" + name_of(*table, natural[0]) + ")";
    std::string action = "DO NOTHING";
    if (update) {
        std::string set;
        for (const int c : columns)
            if (table->columns[static_cast<std::size_t>(c)].role == Role::payload)
                set += fmt::format("{}{} = excluded.{}", set.empty() ? "" : ", ", name_of(*table, c),
                                   name_of(*table, c));
        if (set.empty() || rng_.chance(30))
            set = assignments(*table, "t");
        action = "DO UPDATE SET " + set;
        if (rng_.chance(25))
            action += " WHERE " + predicate(*table, "t");
    } else if (rng_.chance(30)) {
        target = "";
    }
    return {update ? "upsert-update" : "upsert-nothing",
            sql("{} VALUES {} ON CONFLICT {} {}",
                insert_head(identifier(table->name) + " AS t", *table, columns),
                list("", ", ", "", std::move(rows)), target, action),
            {},
            {},
            true,
            table->number};
}

Statement Writer::merge() {
    const Table *table = table_with(has_key);
    const std::string key = name_of(*table, table->key);
    std::set<int> keys;
    for (int i = rng_.between(1, 5); i > 0; --i)
        keys.insert(rng_.between(1, 15));
    std::vector<Node> rows;
    for (const int k : keys)
        rows.emplace_back(fmt::format("({}, {})", k, rng_.between(0, 5)));
    const auto columns = insert_columns(*table, true);
    std::string names;
    std::string values;
    for (const int c : columns) {
        names += (names.empty() ? "" : ", ") + name_of(*table, c);
        std::string item = c == table->key  ? "s.k"
                           : c == table->id ? "md5(s.k::text)::uuid"
                                            : value(*table, c);
        values += (values.empty() ? "" : ", ") + item;
    }
    std::vector<Node> clauses;
    if (rng_.chance(35))
        clauses.emplace_back(fmt::format(" WHEN MATCHED AND s.v < {} THEN DELETE", rng_.between(1, 4)));
    if (rng_.chance(75))
        clauses.emplace_back(fmt::format(" WHEN MATCHED{} THEN UPDATE SET {}",
                                         rng_.chance(40) ? " AND s.v <> 2" : "", assignments(*table, "t")));
    if (clauses.empty() || rng_.chance(70))
        clauses.emplace_back(fmt::format(" WHEN NOT MATCHED{} THEN INSERT ({}){} VALUES ({})",
                                         rng_.chance(30) ? " AND s.v > 0" : "", names,
                                         table->identity_always ? " OVERRIDING SYSTEM VALUE" : "", values));
    if (schema_.server_version >= 170000 && rng_.chance(20))
        clauses.emplace_back(
            fmt::format(" WHEN NOT MATCHED BY SOURCE AND {} THEN {}", predicate(*table, "t"),
                        rng_.chance(50) ? "DELETE" : "UPDATE SET " + assignments(*table, "t")));
    return {"merge",
            sql("MERGE INTO {} t USING (VALUES {}) s (k, v) ON t.{} = s.k{}", identifier(table->name),
                list("", ", ", "", std::move(rows)), key, list("", "", "", std::move(clauses))),
            {},
            {},
            false,
            table->number};
}

} // namespace oracle
