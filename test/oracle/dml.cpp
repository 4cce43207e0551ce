// dml.cpp - single random statements: UPDATE, DELETE, TRUNCATE in all their forms, and the choice among all kinds.
//
// Keys are drawn from 1..14, where the initial rows live, so that writes hit, collide, re-parent and swap. Statements
// that insert are in insert.cpp.

#include "writes.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

std::string name_of(const Table &table, int c) {
    return identifier(table.columns[static_cast<std::size_t>(c)].name);
}

bool has_key(const Table &table) { return table.key >= 0; }
bool has_links(const Table &table) { return !table.foreign_keys.empty(); }
bool is_partitioned(const Table &table) { return table.partitioning != Partitioning::none; }
bool has_image_columns(const Table &table) {
    for (const auto &column : table.columns)
        if (column.role == Role::payload && (column.type == Type::numeric || column.type == Type::jsonb))
            return true;
    return false;
}

} // namespace

const Table &Writer::any_table() { return rng_.pick(schema_.tables); }

const Table *Writer::table_with(bool (*accept)(const Table &)) {
    std::vector<const Table *> found;
    for (const Table &table : schema_.tables)
        if (accept(table))
            found.push_back(&table);
    return found.empty() ? nullptr : rng_.pick(found);
}

std::string Writer::new_uuid() { return fmt::format("'ffffffff-0000-4000-8000-{:012x}'", ++uuids_); }

std::string Writer::key_value() { return std::to_string(rng_.between(1, 14)); }

std::string Writer::new_key() { return rng_.chance(45) ? key_value() : std::to_string(rng_.between(15, 99)); }

std::string Writer::value(const Table &table, int column) {
    const Column &c = table.columns[static_cast<std::size_t>(column)];
    if (const ForeignKey *link = table.link(column)) {
        if (rng_.chance(c.not_null ? 2 : 18))
            return "NULL";
        return link->natural ? "'c" + key_value() + "'" : key_value();
    }
    switch (c.role) {
    case Role::key:
        return new_key();
    case Role::id:
        return new_uuid();
    case Role::natural:
        return "'c" + new_key() + "'";
    case Role::soft_delete:
        return plain_literal(random_value(rng_, c.type, 50));
    default:
        return plain_literal(random_value(rng_, c.type, c.not_null ? 2 : 20));
    }
}

std::string Writer::predicate(const Table &table, const std::string &alias) {
    const std::string dot = alias.empty() ? "" : alias + ".";
    const auto payload = table.payload();
    switch (rng_.below(10)) {
    case 0:
        if (!payload.empty()) {
            const int c = rng_.pick(payload);
            return fmt::format("{}{} IS {}NULL", dot, name_of(table, c), rng_.chance(60) ? "NOT " : "");
        }
        break;
    case 1:
        for (const int c : payload)
            if (is_family(table.columns[static_cast<std::size_t>(c)].type, Family::integer))
                return fmt::format("{}{} > {}", dot, name_of(table, c), rng_.between(0, 4));
        break;
    case 2:
        for (const int c : payload)
            if (is_family(table.columns[static_cast<std::size_t>(c)].type, Family::text))
                return fmt::format("{}{} IN ('a', 'b', 'c1')", dot, name_of(table, c));
        break;
    case 3:
        if (has_links(table)) {
            const ForeignKey &link = rng_.pick(table.foreign_keys);
            return fmt::format("{}{} = {}", dot, name_of(table, link.column),
                               link.natural ? "'c" + key_value() + "'" : key_value());
        }
        break;
    case 4:
        if (has_key(table))
            return fmt::format("{}{} BETWEEN {} AND {}", dot, name_of(table, table.key), rng_.between(0, 4),
                               rng_.between(4, 9));
        break;
    case 5:
        if (has_key(table))
            return fmt::format("{}{} IN ({}, {}, {})", dot, name_of(table, table.key), key_value(),
                               key_value(), key_value());
        break;
    case 6:
        if (rng_.chance(30))
            return "true";
        break;
    default:
        break;
    }
    const int c = table.unique_key.empty() ? 0 : table.unique_key[0];
    return fmt::format("{}{} = {}", dot, name_of(table, c), key_value());
}

// SET list over payload and soft-delete columns, sometimes links.
std::string Writer::assignments(const Table &table, const std::string &alias) {
    std::vector<int> columns = table.payload();
    if (table.soft_delete >= 0)
        columns.push_back(table.soft_delete);
    if (rng_.chance(25))
        for (const auto &link : table.foreign_keys)
            columns.push_back(link.column);
    if (columns.empty())
        for (const auto &link : table.foreign_keys)
            columns.push_back(link.column);
    if (columns.empty())
        return fmt::format("{0} = {0}", name_of(table, table.key >= 0 ? table.key : 0));
    rng_.shuffle(columns);
    columns.resize(
        static_cast<std::size_t>(rng_.between(1, std::min<int>(3, static_cast<int>(columns.size())))));
    const std::string dot = alias.empty() ? "" : alias + ".";
    std::string out;
    for (const int c : columns) {
        const Column &column = table.columns[static_cast<std::size_t>(c)];
        std::string source = value(table, c);
        if (column.role == Role::payload && rng_.chance(20)) {
            if (column.type == Type::int4)
                source = fmt::format("coalesce({}{}, 0) + 1", dot, name_of(table, c));
            else if (column.type == Type::text)
                source = fmt::format("left({}{} || 'x', 9)", dot, name_of(table, c));
            else if (column.type == Type::boolean)
                source = fmt::format("NOT {}{}", dot, name_of(table, c));
        }
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", name_of(table, c), source);
    }
    return out;
}

Statement Writer::update(const char *kind) {
    const Table &table = any_table();
    const std::string of_all = std::string(kind) == "update-all" ? "true" : predicate(table, "");
    std::string set = assignments(table, "");
    if (std::string(kind) == "update-noop") {
        std::string same;
        for (const int c : table.payload())
            same += fmt::format("{}{} = {}", same.empty() ? "" : ", ", name_of(table, c), name_of(table, c));
        if (!same.empty())
            set = same;
    } else if (std::string(kind) == "soft-delete" && table.soft_delete >= 0) {
        set = fmt::format("{} = {}", name_of(table, table.soft_delete),
                          rng_.chance(60) ? "'2024-02-02 00:00:00+00'" : "NULL");
    }
    return {kind,
            fmt::format("UPDATE {} SET {} WHERE {}{}", identifier(table.name), set, of_all,
                        rng_.chance(10) ? " RETURNING *" : ""),
            {},
            {},
            true,
            table.number};
}

// The source matches at most one row each, so the outcome does not depend on the plan.
Statement Writer::update_from() {
    for (int attempt = 0; attempt < 6; ++attempt) {
        const Table *table = table_with(has_links);
        if (table == nullptr)
            break;
        const ForeignKey &link = rng_.pick(table->foreign_keys);
        const Table &parent = schema_.tables[static_cast<std::size_t>(link.parent)];
        if (!parent.key_constraint || parent.deferrable_key)
            continue;
        std::string set = assignments(*table, "t");
        for (const int c : table->payload())
            for (const int p : parent.payload())
                if (table->columns[static_cast<std::size_t>(c)].type ==
                        parent.columns[static_cast<std::size_t>(p)].type &&
                    rng_.chance(60))
                    set = fmt::format("{} = p.{}", name_of(*table, c), name_of(parent, p));
        return {"update-from",
                fmt::format("UPDATE {} t SET {} FROM {} p WHERE p.{} = t.{} AND {}", identifier(table->name),
                            set, identifier(parent.name), name_of(parent, link.parent_column),
                            name_of(*table, link.column), predicate(parent, "p")),
                {},
                {},
                true,
                table->number};
    }
    return update("update");
}

// Equal value, different image: 1.0 becomes 1.00.
Statement Writer::update_image() {
    const Table *table = table_with(has_image_columns);
    if (table == nullptr)
        return update("update");
    std::string set;
    for (const int c : table->payload()) {
        const std::string name = name_of(*table, c);
        if (table->columns[static_cast<std::size_t>(c)].type == Type::numeric)
            set = fmt::format("{} = {} * 1.0", name, name);
        else if (table->columns[static_cast<std::size_t>(c)].type == Type::jsonb)
            set = fmt::format("{0} = CASE WHEN jsonb_typeof({0}) = 'object' THEN jsonb_set({0}, ARRAY['a'], "
                              "to_jsonb(1.{1})) ELSE {0} END",
                              name, rng_.pick({"0", "00", "000"}));
    }
    return {"update-image",
            fmt::format("UPDATE {} SET {} WHERE {}", identifier(table->name), set, predicate(*table, "")),
            {},
            {},
            true,
            table->number};
}

Statement Writer::update_key() {
    const Table *table = table_with(has_key);
    if (table->identity_always)
        return update("update");
    const std::string key = name_of(*table, table->key);
    std::string change = rng_.pick({key_value(), key + " + 100", key + " - 100"});
    std::string where = fmt::format("{} = {}", key, key_value());
    if (rng_.chance(30)) {
        change =
            key + " + " + std::to_string(100 * rng_.between(1, 9)); // many at once, never onto each other
        where = predicate(*table, "") + " AND " + key + " < 100";
    }
    return {"update-key",
            fmt::format("UPDATE {} SET {} = {} WHERE {}", identifier(table->name), key, change, where),
            {},
            {},
            true,
            table->number};
}

Statement Writer::swap_keys() {
    const Table *table = table_with([](const Table &t) { return t.deferrable_key; });
    if (table == nullptr || rng_.chance(40))
        table = table_with(has_key);
    if (table->identity_always)
        return update("update");
    const std::string key = name_of(*table, table->key);
    const int a = rng_.between(1, 9);
    const int b = rng_.between(1, 9);
    if (table->deferrable_key && rng_.chance(40))
        return {"key-swap",
                fmt::format("UPDATE {} SET {} = {} % 13 + 1 WHERE {} BETWEEN 1 AND 13",
                            identifier(table->name), key, key, key),
                {},
                {},
                true,
                table->number};
    return {
        "key-swap",
        fmt::format("UPDATE {0} SET {1} = CASE {1} WHEN {2} THEN {3} ELSE {2} END WHERE {1} IN ({2}, {3})",
                    identifier(table->name), key, a, b),
        {},
        {},
        true,
        table->number};
}

Statement Writer::update_link() {
    const Table *table = table_with(has_links);
    if (table == nullptr)
        return update("update");
    const ForeignKey &link = rng_.pick(table->foreign_keys);
    std::string target = value(*table, link.column);
    if (rng_.chance(25))
        target = "NULL";
    return {"update-link",
            fmt::format("UPDATE {} SET {} = {} WHERE {}", identifier(table->name),
                        name_of(*table, link.column), target, predicate(*table, "")),
            {},
            {},
            true,
            table->number};
}

Statement Writer::remove() {
    const Table &table = any_table();
    return {"delete",
            fmt::format("DELETE FROM {} WHERE {}{}", identifier(table.name),
                        rng_.chance(5) ? "true" : predicate(table, ""),
                        rng_.chance(10) ? " RETURNING *" : ""),
            {},
            {},
            true,
            table.number};
}

Statement Writer::remove_using() {
    const Table *table = table_with(has_links);
    if (table == nullptr)
        return remove();
    const ForeignKey &link = rng_.pick(table->foreign_keys);
    const Table &parent = schema_.tables[static_cast<std::size_t>(link.parent)];
    return {"delete-using",
            fmt::format("DELETE FROM {} t USING {} p WHERE p.{} = t.{} AND {}", identifier(table->name),
                        identifier(parent.name), name_of(parent, link.parent_column),
                        name_of(*table, link.column), predicate(parent, "p")),
            {},
            {},
            true,
            table->number};
}

Statement Writer::truncate() {
    const Table &table = any_table();
    const bool cascade = rng_.chance(60);
    std::string target = identifier(table.name);
    if (!table.partitions.empty() && rng_.chance(30))
        target = identifier(rng_.pick(table.partitions));
    else if (rng_.chance(25))
        target += ", " + identifier(schema_
                                        .tables[static_cast<std::size_t>(
                                            (table.number + 1) % static_cast<int>(schema_.tables.size()))]
                                        .name);
    return {cascade ? "truncate-cascade" : "truncate",
            fmt::format("TRUNCATE {}{}{}", target, rng_.chance(20) ? " RESTART IDENTITY" : "",
                        cascade ? " CASCADE" : ""),
            {},
            {},
            false,
            table.number};
}

// Some dozens of rows at once, away from the small keys, or all of them gone again.
Statement Writer::bulk() {
    const Table *table = table_with(has_key);
    const std::string key = name_of(*table, table->key);
    if (rng_.chance(35))
        return {"bulk-delete",
                fmt::format("DELETE FROM {} WHERE {} > 1000", identifier(table->name), key),
                {},
                {},
                true,
                table->number};
    if (rng_.chance(35) && !table->payload().empty())
        return {"bulk-update",
                fmt::format("UPDATE {} SET {} WHERE {} > 1000", identifier(table->name),
                            assignments(*table, ""), key),
                {},
                {},
                true,
                table->number};
    const auto columns = insert_columns(*table, true);
    std::string items;
    for (const int c : columns) {
        const Column &column = table->columns[static_cast<std::size_t>(c)];
        std::string item;
        if (c == table->key)
            item = "1000 + i";
        else if (c == table->id)
            item = fmt::format("md5(i || 'b{}')::uuid", table->number);
        else if (column.role == Role::natural)
            item = "'b' || i";
        else if (const ForeignKey *link = table->link(c))
            item = link->natural ? "'c' || (i % 9 + 1)" : rng_.chance(80) ? "i % 9 + 1" : "1000 + i";
        else
            item = plain_literal(random_value(rng_, column.type, column.not_null ? 0 : 20)) +
                   "::" + info(column.type).name;
        items += (items.empty() ? "" : ", ") + item;
    }
    return {"bulk-insert",
            sql("{} SELECT {} FROM generate_series({}, {}) i ORDER BY i",
                insert_head(identifier(table->name), *table, columns), items,
                std::to_string(rng_.between(1, 20)), std::to_string(rng_.between(20, 60))),
            {},
            {},
            true,
            table->number};
}

Statement Writer::through_view() {
    if (schema_.writable_views.empty())
        return update("update");
    const WritableView &view = rng_.pick(schema_.writable_views);
    const Table &table = schema_.tables[static_cast<std::size_t>(view.table)];
    std::string key;
    std::string names;
    std::string values;
    std::string set;
    for (std::size_t i = 0; i < view.columns.size(); ++i) {
        const Column &column = table.columns[static_cast<std::size_t>(view.columns[i])];
        if (view.columns[i] == table.key)
            key = identifier(view.names[i]);
        if (column.role == Role::generated)
            continue;
        if (!(view.columns[i] == table.key && table.identity_always && view.kind == "write-view")) {
            names += (names.empty() ? "" : ", ") + identifier(view.names[i]);
            values += (values.empty() ? "" : ", ") + value(table, view.columns[i]);
        }
        if ((column.role == Role::payload || column.role == Role::link) && (set.empty() || rng_.chance(25)))
            set = fmt::format("{} = {}", identifier(view.names[i]), value(table, view.columns[i]));
    }
    const std::string target = identifier(view.name);
    std::string text = fmt::format("INSERT INTO {} ({}) VALUES ({})", target, names, values);
    if (rng_.chance(40) && !set.empty())
        text =
            fmt::format("UPDATE {} SET {} WHERE {} IN ({}, {})", target, set, key, key_value(), key_value());
    else if (rng_.chance(40))
        text = fmt::format("DELETE FROM {} WHERE {} = {}", target, key, key_value());
    return {view.kind, Node(text), {}, {}, true, table.number};
}

Statement Writer::partition_direct() {
    const Table *table = table_with(is_partitioned);
    if (table == nullptr)
        return update("update");
    const std::string partition = identifier(rng_.pick(table->partitions));
    const auto columns = insert_columns(*table, true);
    switch (rng_.below(3)) {
    case 0:
        return {"partition-direct",
                sql("{} VALUES {}", insert_head(partition, *table, columns), row_values(*table, columns)),
                {},
                {},
                true,
                table->number};
    case 1:
        return {"partition-direct",
                fmt::format("UPDATE {} SET {} WHERE {}", partition, assignments(*table, ""),
                            predicate(*table, "")),
                {},
                {},
                true,
                table->number};
    default:
        return {"partition-direct",
                fmt::format("DELETE FROM {} WHERE {}", partition, predicate(*table, "")),
                {},
                {},
                true,
                table->number};
    }
}

Statement Writer::failing() {
    const Table *table = table_with(has_key);
    const std::string key = name_of(*table, table->key);
    switch (rng_.below(3)) {
    case 0:
        return {
            "failing", fmt::format("UPDATE {} SET {} = NULL WHERE {} < 5", identifier(table->name), key, key),
            {},        {},
            true,      table->number};
    case 1:
        return {"failing",
                fmt::format("UPDATE {} SET {} = {} WHERE {} IN (1, 2, 3, 4)", identifier(table->name), key,
                            key_value(), key),
                {},
                {},
                true,
                table->number};
    default:
        return {
            "failing",
            fmt::format("DELETE FROM {} WHERE {} / ({} - {}) >= 0", identifier(table->name), key, key, key),
            {},
            {},
            true,
            table->number};
    }
}

Statement Writer::plain_dml() {
    for (int attempt = 0; attempt < 40; ++attempt) {
        Statement made = dml();
        if (made.plain)
            return made;
    }
    return update("update");
}

Statement Writer::dml() {
    for (int attempt = 0; attempt < 200; ++attempt) {
        Statement made;
        switch (rng_.weighted({12, 8, 5, 5, 8, 6, 16, 4, 4, 6, 4, 6, 4, 9, 8, 4, 3, 6, 4, 3, 3, 2})) {
        case 0:
            made = insert(false);
            break;
        case 1:
            made = insert(true);
            break;
        case 2:
            made = insert_select();
            break;
        case 3:
            made = copy();
            break;
        case 4:
            made = upsert();
            break;
        case 5:
            made = merge();
            break;
        case 6:
            made = update("update");
            break;
        case 7:
            made = update("update-all");
            break;
        case 8:
            made = update("update-noop");
            break;
        case 9:
            made = update_from();
            break;
        case 10:
            made = update_image();
            break;
        case 11:
            made = update_key();
            break;
        case 12:
            made = swap_keys();
            break;
        case 13:
            made = update_link();
            break;
        case 14:
            made = remove();
            break;
        case 15:
            made = remove_using();
            break;
        case 16:
            made = truncate();
            break;
        case 17:
            made = through_view();
            break;
        case 18:
            made = partition_direct();
            break;
        case 19:
            made = failing();
            break;
        case 21:
            made = bulk();
            break;
        default:
            made = update("soft-delete");
            break;
        }
        if (allowed(made.kind))
            return made;
    }
    return update("update"); // nothing of the wanted kinds fits this schema
}

} // namespace oracle
