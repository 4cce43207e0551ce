// schema_sql.cpp - CREATE TABLE and the loading INSERT of a random table, as droppable trees.
//
// Every column but the key carries the drop tag of column_tag(), in CREATE TABLE and in the loading INSERT, so that
// the shrinker removes a column everywhere at once.

#include "schema.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

Node column_definition(const Table &table, int c, const Schema &schema) {
    const Column &column = table.columns[static_cast<std::size_t>(c)];
    std::string out = identifier(column.name) + " " + info(column.type).name;
    if (column.role == Role::generated)
        return out + " " + column.expression;
    if (c == table.key) {
        if (table.identity)
            out += fmt::format(" GENERATED {} AS IDENTITY (START WITH 21)",
                               table.identity_always ? "ALWAYS" : "BY DEFAULT");
        if (table.key_constraint)
            out += table.deferrable_key ? " PRIMARY KEY DEFERRABLE INITIALLY IMMEDIATE" : " PRIMARY KEY";
        else
            out += " NOT NULL";
        return out;
    }
    if (column.not_null)
        out += " NOT NULL";
    if (column.role == Role::natural)
        out += " UNIQUE";
    if (column.name == "num" && table.number % 3 == 1)
        out += " CHECK (num IS DISTINCT FROM 13)";
    if (column.name == "flag" && !column.not_null && table.number % 2 == 0)
        out += " DEFAULT false";
    if (const ForeignKey *link = table.link(c); link != nullptr && link->constraint) {
        const Table &parent =
            link->parent == table.number ? table : schema.tables[static_cast<std::size_t>(link->parent)];
        out += fmt::format(" REFERENCES {} ({}){}", identifier(parent.name),
                           identifier(parent.columns[static_cast<std::size_t>(link->parent_column)].name),
                           link->actions);
    }
    return out;
}

std::string partition_bounds(const Table &table, int number) {
    switch (table.partitioning) {
    case Partitioning::hash:
        return fmt::format("FOR VALUES WITH (MODULUS 3, REMAINDER {})", number);
    case Partitioning::range:
        return number == 0   ? "FOR VALUES FROM (MINVALUE) TO (5)"
               : number == 1 ? "FOR VALUES FROM (5) TO (9)"
                             : "DEFAULT";
    default:
        return number == 0   ? "FOR VALUES IN ('a', 'A')"
               : number == 1 ? "FOR VALUES IN ('b', 'c1')"
                             : "DEFAULT";
    }
}

} // namespace

std::string column_tag(const Table &table, int column) {
    return "column:" + table.name + "." + table.columns[static_cast<std::size_t>(column)].name;
}

Node create_table(const Table &table, const Schema &schema) {
    std::vector<Node> columns;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        Node definition = column_definition(table, static_cast<int>(c), schema);
        if (static_cast<int>(c) != table.key)
            definition = optional(std::move(definition), "", column_tag(table, static_cast<int>(c)));
        columns.push_back(std::move(definition));
        if (c == 1 && table.dropped_column)
            columns.push_back(optional("gone_1 text DEFAULT 'gone'", "", "gone:" + table.name));
    }
    if (!table.key_constraint) {
        std::string names;
        for (const int c : table.unique_key)
            names +=
                (names.empty() ? "" : ", ") + identifier(table.columns[static_cast<std::size_t>(c)].name);
        columns.push_back(optional("PRIMARY KEY (" + names + ")"));
    }
    Node body = list("(\n    ", ",\n    ", "\n)", std::move(columns), 1000);
    std::string after;
    const std::string name = identifier(table.name);
    std::string partition_by;
    if (table.partitioning != Partitioning::none) {
        const char *method = table.partitioning == Partitioning::hash    ? "HASH"
                             : table.partitioning == Partitioning::range ? "RANGE"
                                                                         : "LIST";
        const std::string column = table.partitioning == Partitioning::list
                                       ? "region"
                                       : table.columns[static_cast<std::size_t>(table.key)].name;
        partition_by = fmt::format(" PARTITION BY {} ({})", method, identifier(column));
    }
    Node drop = table.dropped_column ? optional(fmt::format(";\nALTER TABLE {} DROP COLUMN gone_1", name), "",
                                                "gone:" + table.name)
                                     : Node("");
    for (std::size_t i = 0; i < table.partitions.size(); ++i) {
        const std::string bounds = partition_bounds(table, static_cast<int>(i));
        const std::string partition = identifier(table.partitions[i]);
        if (i == 1) // made apart, so that its attribute numbers differ where the root has dropped columns
            after += fmt::format(";\nCREATE TABLE {0} (LIKE {1} INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
                                 "INCLUDING GENERATED);\n"
                                 "ALTER TABLE {1} ATTACH PARTITION {0} {2}",
                                 partition, name, bounds);
        else
            after += fmt::format(";\nCREATE TABLE {} PARTITION OF {} {}", partition, name, bounds);
    }
    for (const auto &column : table.columns)
        if (column.name == "name" && column.type == Type::text && table.number % 2 == 1)
            after += fmt::format(";\nALTER TABLE {} ALTER COLUMN name SET STORAGE EXTERNAL", name);
    return sql("CREATE TABLE {} {}{}{}{}", Node(name), body, partition_by, drop, after);
}

Node insert_rows(const Table &table, const std::vector<std::vector<Value>> &rows) {
    std::vector<Node> names;
    for (std::size_t c = 0; c < table.columns.size(); ++c)
        if (table.columns[c].role != Role::generated) {
            Node name = identifier(table.columns[c].name);
            if (static_cast<int>(c) != table.key)
                name = optional(std::move(name), "", column_tag(table, static_cast<int>(c)));
            names.push_back(std::move(name));
        }
    std::vector<Node> lines;
    for (const auto &row : rows) {
        std::vector<Node> values;
        for (std::size_t c = 0; c < table.columns.size(); ++c)
            if (table.columns[c].role != Role::generated) {
                Node value = plain_literal(row[c]);
                if (static_cast<int>(c) != table.key)
                    value = optional(std::move(value), "", column_tag(table, static_cast<int>(c)));
                values.push_back(std::move(value));
            }
        lines.push_back(list("(", ", ", ")", std::move(values), 1000));
    }
    return sql("INSERT INTO {} {} OVERRIDING SYSTEM VALUE VALUES{}", identifier(table.name),
               list("(", ", ", ")", std::move(names), 1000), list("\n    ", ",\n    ", "", std::move(lines)));
}

} // namespace oracle
