// derived.cpp - FROM subqueries and CTEs: grouped, distinct, windowed, limited, set operations, VALUES, recursive.
//
// Each gives a Relation with domains and unique columns of its own, so that it joins like a table. A link column that
// becomes unique (GROUP BY link, DISTINCT ON link, row_number() = 1) is what the key paths of the engine cross.

#include "context.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle {

namespace {

Column output(std::string name, Type type, bool unique = false, int domain = no_domain) {
    Column column;
    column.name = std::move(name);
    column.type = type;
    column.unique = unique;
    column.domain = domain;
    column.role = domain == no_domain ? Role::payload : Role::link;
    return column;
}

std::shared_ptr<Relation> derived_relation(std::vector<Column> columns, std::vector<int> unique_key) {
    auto relation = std::make_shared<Relation>();
    relation->name = "d_q";
    relation->origin = Origin::derived;
    relation->columns = std::move(columns);
    relation->unique_key = std::move(unique_key);
    return relation;
}

// A relation with a column of the domain, and that column; the domain is chosen when -1.
struct Start {
    Alias alias;
    int link = -1;
};

std::optional<Start> start_from(Context &c, int domain) {
    for (int attempt = 0; attempt < 8; ++attempt) {
        const RelationPtr relation = c.rng.pick(c.relations);
        std::vector<int> links;
        for (std::size_t i = 0; i < relation->columns.size(); ++i) {
            const Column &column = relation->columns[i];
            if (domain >= 0 ? column.domain == domain : column.domain != no_domain)
                links.push_back(static_cast<int>(i));
        }
        if (links.empty())
            continue;
        if (!relation->ordered_data)
            c.unordered = true;
        return Start{{c.alias_name(relation->name), relation, false, false}, c.rng.pick(links)};
    }
    return std::nullopt;
}

std::optional<Derived> grouped(Context &c, const Start &start) {
    Scope scope;
    scope.aliases = {start.alias};
    std::vector<Node> from{table_item(start.alias)};
    if (c.rng.chance(35))
        add_join(c, scope, from, false, 0);
    const Column &link = start.alias.column(start.link);
    Node aggregated = aggregate(c, scope, 1);
    Node where = where_clause(conditions(c, scope, 0, 1));
    Node having = c.rng.chance(25) ? optional(sql(" HAVING {}", having_condition(c, scope))) : Node("");
    std::string by = start.alias.reference(start.link);
    if (c.rng.chance(9)) { // the extra row has a NULL link: it never joins
        by = c.rng.pick({"ROLLUP (" + by + ")", "GROUPING SETS ((" + by + "), ())"});
        c.shape("grouping-sets");
    }
    c.shape("from-grouped");
    return Derived{sql("SELECT {} AS link, count(*) AS n, to_jsonb({}) AS docs FROM {}{} GROUP BY {}{}",
                       start.alias.reference(start.link), aggregated, from_clause(std::move(from)), where, by,
                       having),
                   derived_relation({output("link", link.type, true, link.domain), output("n", Type::int8),
                                     output("docs", Type::jsonb)},
                                    {0}),
                   ""};
}

std::optional<Derived> distinct(Context &c, const Start &start) {
    StableOnly stable(c);
    Scope scope;
    scope.aliases = {start.alias};
    const Column &link = start.alias.column(start.link);
    const auto label = pick_column(c, scope, c.rng.pick({Family::text, Family::integer}));
    if (!label)
        return std::nullopt;
    const Type type = is_family(label->info().type, Family::text) ? Type::text : Type::int4;
    c.shape("from-distinct");
    return Derived{
        sql("SELECT DISTINCT {} AS link, {} AS label FROM {}{}", start.alias.reference(start.link),
            label->text(), table_item(start.alias), where_clause(conditions(c, scope, 0, 1))),
        derived_relation({output("link", link.type, false, link.domain), output("label", type)}, {0, 1}), ""};
}

std::optional<Derived> distinct_on(Context &c, const Start &start) {
    Scope scope;
    scope.aliases = {start.alias};
    const auto order = total_order(c, scope);
    if (!order)
        return std::nullopt;
    const Column &link = start.alias.column(start.link);
    Node value = scalar(c, scope, 0).sql;
    c.shape("from-distinct-on");
    return Derived{
        sql("SELECT DISTINCT ON ({}) {} AS link, to_jsonb({}) AS docs FROM {}{} ORDER BY {}, {}",
            start.alias.reference(start.link), start.alias.reference(start.link),
            sql("jsonb_build_array({})", value), table_item(start.alias),
            where_clause(conditions(c, scope, 0, 1)), start.alias.reference(start.link), *order),
        derived_relation({output("link", link.type, true, link.domain), output("docs", Type::jsonb)}, {0}),
        ""};
}

std::optional<Derived> windowed(Context &c, const Start &start) {
    Scope scope;
    scope.aliases = {start.alias};
    const auto order = total_order(c, scope);
    if (!order)
        return std::nullopt;
    const Column &link = start.alias.column(start.link);
    const std::string l = start.alias.reference(start.link);
    Node value = scalar(c, scope, 0).sql;
    c.shape("from-windowed");
    return Derived{sql("SELECT {} AS link, jsonb_build_array({}) AS docs, row_number() OVER (PARTITION BY {} "
                       "ORDER BY {}) AS rn FROM {}{}",
                       l, value, l, *order, table_item(start.alias),
                       where_clause(conditions(c, scope, 0, 1))),
                   derived_relation({output("link", link.type, false, link.domain),
                                     output("docs", Type::jsonb), output("rn", Type::int8)},
                                    {0, 2}),
                   "@.rn = 1"};
}

std::optional<Derived> limited(Context &c, const Start &start) {
    Scope scope;
    scope.aliases = {start.alias};
    const auto order = total_order(c, scope);
    if (!order)
        return std::nullopt;
    const Column &link = start.alias.column(start.link);
    std::vector<int> unique;
    if (start.alias.relation->unique_key == std::vector<int>{start.link})
        unique = {0};
    Node value = scalar(c, scope, 0).sql;
    c.shape("from-limited");
    return Derived{
        sql("SELECT {} AS link, jsonb_build_array({}) AS docs FROM {}{} ORDER BY {} LIMIT {}",
            start.alias.reference(start.link), value, table_item(start.alias),
            where_clause(conditions(c, scope, 0, 1)), *order, std::to_string(c.rng.between(1, 5))),
        derived_relation(
            {output("link", link.type, !unique.empty(), link.domain), output("docs", Type::jsonb)}, unique),
        ""};
}

std::optional<Derived> plain(Context &c, const Start &start) {
    Scope scope;
    scope.aliases = {start.alias};
    const Column &link = start.alias.column(start.link);
    Node value = scalar(c, scope, 1).sql;
    std::vector<int> unique;
    if (start.alias.relation->unique_key == std::vector<int>{start.link})
        unique = {0};
    c.shape("from-plain");
    return Derived{
        sql("SELECT {} AS link, jsonb_build_array({}) AS docs FROM {}{}", start.alias.reference(start.link),
            value, table_item(start.alias), where_clause(conditions(c, scope, 1, 2))),
        derived_relation(
            {output("link", link.type, !unique.empty(), link.domain), output("docs", Type::jsonb)}, unique),
        ""};
}

std::optional<Derived> set_operation(Context &c, const Start &start) {
    StableOnly stable(c);
    const Column &link = start.alias.column(start.link);
    const auto second = start_from(c, link.domain);
    if (!second)
        return std::nullopt;
    Scope a;
    a.aliases = {start.alias};
    Scope b;
    b.aliases = {second->alias};
    const auto label_a = pick_column(c, a, Family::text);
    const auto label_b = pick_column(c, b, Family::text);
    const std::string operation =
        c.rng.pick({"UNION", "UNION ALL", "UNION", "INTERSECT", "EXCEPT", "EXCEPT ALL", "INTERSECT ALL"});
    c.shape(operation.starts_with("UNION") ? "from-union" : "from-set-operation");
    const std::string x = label_a ? label_a->text() + "::text" : "'a'::text";
    const std::string y = label_b ? label_b->text() + "::text" : "'b'::text";
    std::vector<int> unique;
    if (!operation.ends_with("ALL"))
        unique = {0, 1};
    return Derived{
        sql("SELECT {} AS link, {} AS label FROM {}{} {} SELECT {}, {} FROM {}{}",
            start.alias.reference(start.link), x, table_item(start.alias),
            where_clause(conditions(c, a, 0, 1)), operation, second->alias.reference(second->link), y,
            table_item(second->alias), where_clause(conditions(c, b, 0, 1))),
        derived_relation(
            {output("link", link.type == second->alias.column(second->link).type ? link.type : Type::int8,
                    false, link.domain),
             output("label", Type::text)},
            unique),
        ""};
}

std::optional<Derived> exploded(Context &c,
                                const Start &start) { // a set-returning function in the select list
    const Column &link = start.alias.column(start.link);
    for (std::size_t i = 0; i < start.alias.relation->columns.size(); ++i) {
        const Column &column = start.alias.relation->columns[i];
        if (column.type != Type::text_array && column.type != Type::int4_array)
            continue;
        c.shape("srf-select-list");
        const Type element = column.type == Type::text_array ? Type::text : Type::int4;
        return Derived{
            Node(fmt::format("SELECT {} AS link, unnest({}) AS label FROM {}",
                             start.alias.reference(start.link), start.alias.reference(static_cast<int>(i)),
                             table_item(start.alias))),
            derived_relation({output("link", link.type, false, link.domain), output("label", element)}, {}),
            ""};
    }
    return std::nullopt;
}

} // namespace

std::optional<Derived> derived_query(Context &c, int wanted_domain) {
    if (!c.spend())
        return std::nullopt;
    for (int attempt = 0; attempt < 3; ++attempt) {
        const auto start = start_from(c, wanted_domain);
        if (!start)
            return std::nullopt;
        std::optional<Derived> found;
        const bool was_unordered = c.unordered;
        c.unordered = false;
        switch (c.rng.weighted({28, 10, 14, 14, 7, 10, 12, 5})) {
        case 0:
            found = grouped(c, *start);
            break;
        case 1:
            found = distinct(c, *start);
            break;
        case 2:
            found = distinct_on(c, *start);
            break;
        case 3:
            found = windowed(c, *start);
            break;
        case 4:
            found = limited(c, *start);
            break;
        case 5:
            found = plain(c, *start);
            break;
        case 6:
            found = set_operation(c, *start);
            break;
        default:
            found = exploded(c, *start);
            break;
        }
        if (found) {
            found->relation->ordered_data = !c.unordered;
            if (found->relation->columns[0].unique &&
                is_family(found->relation->columns[0].type, Family::integer))
                found->relation->key = 0;
        }
        c.unordered = c.unordered || was_unordered || !start->alias.relation->ordered_data;
        if (found)
            return found;
    }
    return std::nullopt;
}

Derived recursive_query(Context &c, const Table &table, const std::string &name) {
    const std::string key = identifier(table.columns[static_cast<std::size_t>(table.key)].name);
    const std::string link = identifier(table.columns[static_cast<std::size_t>(table.self_link)].name);
    const std::string from = identifier(table.name);
    const std::string t = identifier(name);
    c.shape("recursive-cte");
    const Type type = table.columns[static_cast<std::size_t>(table.key)].type;
    Derived derived{
        Node(fmt::format("SELECT r.{0}, r.{1} AS link, 1 AS depth, r.{0}::text AS path FROM {2} r WHERE "
                         "r.{1} IS NULL UNION ALL "
                         "SELECT n.{0}, n.{1}, t.depth + 1, t.path || '/' || n.{0} FROM {2} n JOIN {3} t ON "
                         "n.{1} = t.{0} WHERE t.depth < 8",
                         key, link, from, t)),
        derived_relation({output(table.columns[static_cast<std::size_t>(table.key)].name, type,
                                 table.key_constraint, table.number),
                          output("link", table.columns[static_cast<std::size_t>(table.self_link)].type, false,
                                 table.number),
                          output("depth", Type::int4), output("path", Type::text)},
                         {0}),
        ""};
    derived.relation->columns[0].role = Role::key;
    derived.relation->key = 0;
    return derived;
}

Node ctes(Context &c) {
    std::vector<Node> items;
    bool recursive = false;
    const int count = c.rng.between(1, 3);
    for (int i = 0; i < count; ++i) {
        const std::string name = "cte" + std::to_string(i + 1);
        std::vector<const Table *> trees;
        for (const Table &table : c.schema.tables)
            if (table.self_link >= 0 && table.key_constraint)
                trees.push_back(&table);
        std::optional<Derived> query;
        if (!trees.empty() && c.rng.chance(22)) {
            query = recursive_query(c, *c.rng.pick(trees), name);
            recursive = true;
        } else {
            query = derived_query(c, -1);
        }
        if (!query)
            continue;
        query->relation->name = name;
        query->relation->origin = Origin::cte;
        c.shape(items.empty() ? "cte" : "cte-several");
        const std::string hint = c.rng.pick({"", "", "", "MATERIALIZED ", "NOT MATERIALIZED "});
        if (!hint.empty())
            c.shape("cte-materialized");
        items.push_back(sql("{} AS {}({})", name, hint, query->sql));
        if (!c.rng.chance(15))                                           // else it stays unused
            for (int copies = c.rng.between(1, 2); copies > 0; --copies) // more often than a table
                c.relations.push_back(query->relation);
        else
            c.shape("cte-unused");
    }
    return list(recursive ? "WITH RECURSIVE " : "WITH ", ", ", " ", std::move(items));
}

} // namespace oracle
