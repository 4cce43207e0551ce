// schema.cpp - random tables: keys, links, payload columns, constraints, partitioning, and their first rows.
//
// See schema.hpp for the model. What is decided here and nowhere else: which columns may be NULL, which links have a
// constraint and with what actions, and that initial rows satisfy every constraint.

#include "schema.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle {

namespace {

struct PayloadChoice {
    const char *name;
    Type type;
    int weight;
};

const std::vector<PayloadChoice> payload_choices{
    {"name", Type::text, 30},      {"code", Type::text, 14},
    {"num", Type::int4, 30},       {"small", Type::int2, 12},
    {"big", Type::int8, 12},       {"amount", Type::numeric, 14},
    {"price", Type::price, 12},    {"day", Type::date, 10},
    {"at", Type::timestamptz, 8},  {"flag", Type::boolean, 16},
    {"mood", Type::mood, 10},      {"nums", Type::int4_array, 9},
    {"tags", Type::text_array, 9}, {"info", Type::jsonb, 14},
    {"span", Type::int4range, 8},  {"lvl", Type::dom_small, 7},
    {"label", Type::dom_code, 8},  {"ratio", Type::float8, 4},
    {"raw", Type::json, 4},        {"bits", Type::bit4, 3},
    {"spot", Type::pair, 5},       {"dur", Type::interval, 3},
    {"bin", Type::bytea, 3},       {"lo", Type::int4, 8},
    {"region", Type::varchar, 10}, {"Odd Name", Type::text, 4},
    {"order", Type::int4, 5},      {"deleted_at", Type::timestamptz, 0},
    {"nick", Type::ci_text, 10},
};

const std::vector<std::string> entity_names{"user",    "post",  "comment", "category", "tag",
                                            "company", "order", "team",    "city",     "note"};
const std::vector<std::string> odd_entity_names{"Order Item", "weird\"q", "ünï", "select"};

Column make_column(std::string name, Type type, Role role, bool not_null = false) {
    Column column;
    column.name = std::move(name);
    column.type = type;
    column.role = role;
    column.not_null = not_null;
    return column;
}

std::string link_actions(Rng &rng, bool nullable) {
    std::string actions;
    switch (rng.weighted({25, 35, nullable ? 25 : 0, 10, 5})) {
    case 0:
        break;
    case 1:
        actions += " ON DELETE CASCADE";
        break;
    case 2:
        actions += " ON DELETE SET NULL";
        break;
    case 3:
        actions += " ON DELETE NO ACTION";
        break;
    default:
        actions += " ON DELETE RESTRICT";
        break;
    }
    if (rng.chance(45))
        actions += rng.chance(70) || !nullable ? " ON UPDATE CASCADE" : " ON UPDATE SET NULL";
    if (rng.chance(25))
        actions += rng.chance(60) ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE INITIALLY IMMEDIATE";
    return actions;
}

int add_column(Table &table, Column column) {
    table.columns.push_back(std::move(column));
    return static_cast<int>(table.columns.size()) - 1;
}

void add_link(Table &table, const Schema &schema, Rng &rng, int parent, const std::string &name) {
    const bool self = parent == table.number;
    const Table &target = self ? table : schema.tables[static_cast<std::size_t>(parent)];
    const bool can_constrain = target.key_constraint && !target.deferrable_key;
    ForeignKey link;
    link.parent = parent;
    link.parent_column = target.key;
    link.constraint = can_constrain && rng.chance(65);
    const Type parent_type = target.columns[static_cast<std::size_t>(target.key)].type;
    Type type = parent_type;
    if (rng.chance(25))
        type = link.constraint ? rng.pick({Type::int4, Type::int8})
                               : rng.pick({Type::int2, Type::int4, Type::int8});
    const bool not_null = !self && rng.chance(25);
    link.actions = link_actions(rng, !not_null);
    Column column = make_column(name, type, Role::link, not_null);
    column.domain = parent;
    link.column = add_column(table, std::move(column));
    table.foreign_keys.push_back(link);
}

void add_payload(Table &table, Rng &rng) {
    std::vector<int> weights;
    for (const auto &choice : payload_choices)
        weights.push_back(choice.weight);
    const int count = rng.between(table.junction ? 1 : 3, table.junction ? 3 : 8);
    for (int i = 0; i < count; ++i) {
        const auto drawn = static_cast<std::size_t>(rng.weighted(weights));
        weights[drawn] = 0;
        add_column(table, make_column(payload_choices[drawn].name, payload_choices[drawn].type, Role::payload,
                                      rng.chance(12)));
    }
    if (rng.chance(30))
        table.soft_delete =
            add_column(table, make_column("deleted_at", Type::timestamptz, Role::soft_delete));
}

void add_generated(Table &table, Rng &rng, int server_version) {
    const bool virtually = server_version >= 180000 && rng.chance(50);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column &base = table.columns[i];
        if (base.role != Role::payload || !rng.chance(15))
            continue;
        std::string name = "g_" + std::to_string(i);
        std::string expression;
        Type type = Type::text;
        if (base.type == Type::text)
            expression = fmt::format("lower(left({}, 20))", identifier(base.name));
        else if (base.type == Type::int4 || base.type == Type::int2) {
            expression = fmt::format("{}::bigint * 2", identifier(base.name));
            type = Type::int8;
        } else
            continue;
        Column column = make_column(name, type, Role::generated);
        column.expression =
            fmt::format("GENERATED ALWAYS AS ({}) {}", expression, virtually ? "VIRTUAL" : "STORED");
        add_column(table, std::move(column));
        return;
    }
}

void choose_partitioning(Table &table, Rng &rng) {
    if (table.junction || table.deferrable_key || !rng.chance(14))
        return;
    table.partitioning = rng.pick({Partitioning::hash, Partitioning::range, Partitioning::list});
    if (table.partitioning == Partitioning::list) {
        int region = -1;
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            if (table.columns[i].name == "region")
                region = static_cast<int>(i);
        if (region < 0)
            region = add_column(table, make_column("region", Type::varchar, Role::payload));
        table.columns[static_cast<std::size_t>(region)].not_null = true;
        table.key_constraint = false;
        table.columns[static_cast<std::size_t>(table.key)].unique = false;
        table.unique_key = {table.key, region};
    }
    table.partitions = {table.name + "_p0", table.name + "_p1", table.name + "_px"};
}

// A value for column `c` of a new initial row, keeping every constraint.
Value initial_value(const Table &table, int c, const Schema &schema, Rng &rng, int row) {
    const Column &column = table.columns[static_cast<std::size_t>(c)];
    if (const ForeignKey *link = table.link(c)) {
        const bool self = link->parent == table.number;
        const auto &parent_rows =
            self ? table.rows : schema.tables[static_cast<std::size_t>(link->parent)].rows;
        if (!column.not_null && (rng.chance(22) || (link->constraint && parent_rows.empty())))
            return std::nullopt;
        if (link->constraint || rng.chance(85)) {
            if (!parent_rows.empty())
                return rng.pick(parent_rows)[static_cast<std::size_t>(link->parent_column)];
            return link->constraint ? Value{} : Value{"1"};
        }
        return link->natural ? "c" + std::to_string(rng.between(1, 9)) : std::to_string(rng.between(1, 9));
    }
    switch (column.role) {
    case Role::id:
        return fmt::format("{:08x}-0000-4000-8000-{:012x}", table.number + 1, row);
    case Role::natural:
        return "c" + std::to_string(row);
    case Role::soft_delete:
        return random_value(rng, column.type, 70);
    default:
        return random_value(rng, column.type, column.not_null ? 0 : 25);
    }
}

void fill(Table &table, const Schema &schema, Rng rng) {
    const int wanted = rng.chance(10) ? 0 : rng.between(1, 12);
    std::vector<int> keys;
    for (int k = 1; k <= 13; ++k)
        keys.push_back(k);
    rng.shuffle(keys);
    std::set<std::vector<std::string>> seen;
    for (int row = 0; row < wanted; ++row) {
        std::vector<Value> values;
        bool valid = true;
        for (std::size_t c = 0; c < table.columns.size(); ++c) {
            const Column &column = table.columns[c];
            Value value;
            if (static_cast<int>(c) == table.key)
                value = std::to_string(keys[static_cast<std::size_t>(row)]);
            else if (column.role != Role::generated)
                value = initial_value(table, static_cast<int>(c), schema, rng, row + 1);
            valid = valid && (value || !column.not_null);
            if (column.type == Type::dom_small && value == "1000")
                value = "4"; // against the domain's check
            if (column.name == "num" && value == "13")
                value = "3"; // against the table's check
            values.push_back(std::move(value));
        }
        if (table.junction) {
            std::vector<std::string> pair;
            for (const int c : table.unique_key) {
                valid = valid && values[static_cast<std::size_t>(c)].has_value();
                pair.push_back(values[static_cast<std::size_t>(c)].value_or(""));
            }
            valid = valid && seen.insert(pair).second;
        }
        if (valid)
            table.rows.push_back(std::move(values));
    }
}

Table make_table(const Schema &schema, Rng rng, int number, const std::string &entity) {
    Table table;
    table.number = number;
    table.entity = entity;
    table.name = "tb_" + entity;
    table.junction = number >= 2 && rng.chance(18);
    const bool own_key = !table.junction || rng.chance(30);
    if (own_key) {
        Column key = make_column("pk_" + entity, rng.chance(70) ? Type::int4 : Type::int8, Role::key, true);
        key.domain = number;
        key.unique = true;
        table.key = add_column(table, std::move(key));
        table.unique_key = {table.key};
        table.identity = rng.chance(60);
        table.identity_always = table.identity && rng.chance(15);
        table.deferrable_key = !table.junction && rng.chance(12);
        if (!table.junction || rng.chance(50))
            table.id = add_column(table, make_column("id", Type::uuid, Role::id, true));
    } else {
        table.key_constraint = false;
    }
    if (table.junction) {
        const int first = rng.below(number);
        int second = rng.below(number);
        while (schema.tables[static_cast<std::size_t>(second)].key < 0 ||
               (second == first && number > 1 && rng.chance(70)))
            second = rng.below(number);
        const int usable_first = schema.tables[static_cast<std::size_t>(first)].key < 0 ? second : first;
        const std::string same = usable_first == second ? "_b" : "";
        add_link(table, schema, rng, usable_first,
                 "fk_" + schema.tables[static_cast<std::size_t>(usable_first)].entity);
        add_link(table, schema, rng, second,
                 "fk_" + schema.tables[static_cast<std::size_t>(second)].entity + same);
        for (const auto &link : table.foreign_keys)
            table.columns[static_cast<std::size_t>(link.column)].not_null = true;
        for (auto &link : table.foreign_keys)
            if (link.actions.find("SET NULL") != std::string::npos)
                link.actions = " ON DELETE CASCADE ON UPDATE CASCADE";
        if (!own_key)
            table.unique_key = {table.foreign_keys[0].column, table.foreign_keys[1].column};
    } else {
        if (rng.chance(30)) {
            Column code = make_column("code", Type::text, Role::natural, true);
            code.unique = true;
            code.domain = natural_domain + number;
            add_column(table, std::move(code));
        }
        const int links = number == 0 ? 0 : rng.weighted({10, 60, 30});
        for (int i = 0; i < links; ++i) {
            const int parent = rng.below(number);
            const Table &target = schema.tables[static_cast<std::size_t>(parent)];
            if (target.key < 0)
                continue;
            std::string name = "fk_" + target.entity;
            for (const auto &column : table.columns)
                if (column.name == name)
                    name += "_2"; // the same table in a second role
            if (std::any_of(table.columns.begin(), table.columns.end(),
                            [&](const Column &c) { return c.name == name; }))
                continue;
            add_link(table, schema, rng, parent, name);
            const auto natural = target.columns_of_role(Role::natural);
            if (!natural.empty() && rng.chance(50) && !table.foreign_keys.back().constraint) {
                ForeignKey &link = table.foreign_keys.back();
                Column &column = table.columns[static_cast<std::size_t>(link.column)];
                column.type = Type::text;
                column.domain = natural_domain + parent;
                link.natural = true;
                link.parent_column = natural[0];
                link.constraint = target.partitioning == Partitioning::none && rng.chance(50);
            }
        }
        if (rng.chance(28)) {
            add_link(table, schema, rng, number, "fk_parent");
            table.self_link = table.foreign_keys.back().column;
        }
    }
    add_payload(table, rng);
    if (!table.columns_of_role(Role::natural)
             .empty()) // `code` as a payload would be a second column of that name
        std::erase_if(table.columns,
                      [](const Column &c) { return c.name == "code" && c.role == Role::payload; });
    for (std::size_t c = 0; c < table.columns.size(); ++c)
        if (table.columns[c].role == Role::soft_delete)
            table.soft_delete = static_cast<int>(c);
    add_generated(table, rng, schema.server_version);
    choose_partitioning(table, rng);
    if (table.partitioning != Partitioning::none) // unique natural keys would need the partition key
        for (auto &column : table.columns)
            if (column.role == Role::natural) {
                column.role = Role::payload;
                column.unique = false;
                column.domain = no_domain;
            }
    if (!table.key_constraint && table.self_link >= 0)
        for (auto &link : table.foreign_keys)
            if (link.parent == number)
                link.constraint = false;
    table.dropped_column = rng.chance(12);
    if (table.deferrable_key)
        for (auto &link : table.foreign_keys)
            if (link.parent == number)
                link.constraint = false;
    fill(table, schema, rng.fork("rows"));
    return table;
}

RelationPtr relation_of(const Table &table) {
    auto relation = std::make_shared<Relation>();
    relation->name = table.name;
    relation->columns = table.columns;
    relation->unique_key = table.unique_key;
    relation->key = table.key;
    relation->id = table.id;
    relation->primary_key = table.key_constraint && !table.deferrable_key && !table.junction;
    return relation;
}

} // namespace

std::vector<int> Table::columns_of_role(Role role) const {
    std::vector<int> found;
    for (std::size_t i = 0; i < columns.size(); ++i)
        if (columns[i].role == role)
            found.push_back(static_cast<int>(i));
    return found;
}

std::vector<int> Table::payload() const { return columns_of_role(Role::payload); }

const ForeignKey *Table::link(int column) const {
    for (const auto &foreign_key : foreign_keys)
        if (foreign_key.column == column)
            return &foreign_key;
    return nullptr;
}

Schema make_schema(const Rng &seed, const SchemaOptions &options) {
    Schema schema;
    schema.server_version = options.server_version;
    Rng rng = seed.fork("schema");
    const int count = rng.between(3, 6);
    std::vector<std::string> names = entity_names;
    rng.shuffle(names);
    add_user_types(schema);
    for (int i = 0; i < count; ++i) {
        const std::string &entity = rng.chance(6) ? odd_entity_names[static_cast<std::size_t>(rng.below(4))]
                                                  : names[static_cast<std::size_t>(i)];
        const bool taken = std::any_of(schema.tables.begin(), schema.tables.end(),
                                       [&](const Table &t) { return t.entity == entity; });
        schema.tables.push_back(make_table(schema, rng.fork("table", static_cast<std::uint64_t>(i)), i,
                                           taken ? names[static_cast<std::size_t>(i)] : entity));
        schema.relations.push_back(relation_of(schema.tables.back()));
    }
    for (const Table &table : schema.tables)
        schema.items.push_back({"table", optional(create_table(table, schema)), false});
    for (const Table &table : schema.tables)
        if (!table.rows.empty())
            schema.items.push_back({"data", optional(insert_rows(table, table.rows)), false});
    add_views(schema, rng.fork("views"));
    add_triggers(schema, rng.fork("triggers"));
    return schema;
}

} // namespace oracle
