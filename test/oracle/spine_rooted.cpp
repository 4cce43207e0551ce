// spine_rooted.cpp - definitions whose root is no plain table: a link, a subquery, a recursion, named keys.
//
// The key is unique because the root is grouped by it, or is a tree, or names a unique key of its source.

#include "spine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle::spines {

std::optional<Spine> grouped_by_link(Context &c, const std::string &entity, bool any_column) {
    const RelationPtr relation = c.rng.pick(c.relations);
    std::vector<int> columns;
    for (std::size_t i = 0; i < relation->columns.size(); ++i) {
        const Column &column = relation->columns[i];
        if (any_column ? info(column.type).image_stable && column.type != Type::pair
                       : column.role == Role::link && is_family(column.type, Family::integer))
            columns.push_back(static_cast<int>(i));
    }
    if (columns.empty())
        return std::nullopt;
    if (!relation->ordered_data)
        c.unordered = true;
    Body body = start(c, relation);
    const int chosen = c.rng.pick(columns);
    const Alias alias = body.scope.aliases[0];
    if (c.rng.chance(45))
        add_join(c, body.scope, body.from, false, 0);
    body.where = conditions(c, body.scope, 1, 1);
    Spine spine;
    const std::string key = alias.reference(chosen);
    spine.explicit_keys = any_column;
    spine.outputs = {key_output(alias, chosen, any_column ? "k_" + entity : "pk_" + entity)};
    if (!any_column || c.rng.chance(50))
        spine.outputs.push_back(uuid_of(Node(key)));
    std::vector<Node> entries{sql("'n', count(*)")};
    for (int i = c.rng.between(1, 2); i > 0; --i)
        entries.push_back(sql("'a{}', {}", std::to_string(i), aggregate(c, body.scope, 1)));
    Scope group;
    auto visible = std::make_shared<Relation>();
    visible->name = relation->name;
    visible->columns = {relation->columns[static_cast<std::size_t>(chosen)]};
    group.aliases.push_back({alias.name, visible, false, false});
    if (c.rng.chance(40)) {
        StableOnly stable(c);
        if (auto more = scalar_subquery(c, group, 1))
            entries.push_back(sql("'s', {}", *more));
    }
    spine.outputs.push_back(
        data_output(sql("jsonb_build_object({})", list("", ", ", "", std::move(entries)))));
    Node having = c.rng.chance(25) ? optional(sql(" HAVING {}", having_condition(c, body.scope))) : Node("");
    spine.tail = tail_of(body, sql(" GROUP BY {}{}", key, having));
    c.shape(any_column ? "keyed-group" : "grouped-by-link");
    return spine;
}

std::optional<Spine> from_subquery(Context &c, const std::string &entity) {
    for (int attempt = 0; attempt < 6; ++attempt) {
        auto query = derived_query(c, c.rng.below(static_cast<int>(c.schema.tables.size())));
        if (!query || !is_family(query->relation->columns[0].type, Family::integer))
            continue;
        const bool filtered = !query->filter.empty();
        if (!query->relation->columns[0].unique && !filtered)
            continue;
        Body body;
        body.scope.aliases.push_back({c.alias_name("d_q"), query->relation, false, false});
        const std::string name = identifier(body.scope.aliases[0].name);
        body.from.push_back(sql("({}) {}", query->sql, name));
        if (filtered)
            body.where.emplace_back(name + ".rn = 1");
        add_unique_joins(c, body, 2);
        for (auto &more : conditions(c, body.scope, 1, 1))
            body.where.push_back(std::move(more));
        Spine spine;
        spine.outputs = {key_output(body.scope.aliases[0], 0, "pk_" + entity), uuid_of(Node(name + ".link")),
                         data_output(document(c, body.scope, 1))};
        spine.tail = tail_of(body);
        c.shape("root-subquery");
        return spine;
    }
    return std::nullopt;
}

std::optional<Spine> full_join_of_groups(Context &c, const std::string &entity) {
    const int domain = c.rng.below(static_cast<int>(c.schema.tables.size()));
    std::vector<Derived> sides;
    for (int attempt = 0; attempt < 12 && sides.size() < 2; ++attempt) {
        auto query = derived_query(c, domain);
        if (query && query->relation->columns[0].unique &&
            is_family(query->relation->columns[0].type, Family::integer))
            sides.push_back(std::move(*query));
    }
    if (sides.size() < 2)
        return std::nullopt;
    c.shape("full-join");
    c.shape("key-coalesced");
    const bool merged = c.rng.chance(60);
    Spine spine;
    Column key;
    key.type = Type::int8;
    key.domain = domain;
    const std::string reference = merged ? "link" : "coalesce(x1.link, x2.link)";
    spine.outputs = {{"pk_" + entity, Node(reference), key},
                     uuid_of(Node(reference)),
                     data_output(Node("jsonb_build_object('x', x1.docs, 'y', x2.docs)"))};
    spine.tail = sql(" FROM ({}) x1 FULL JOIN ({}) x2 {}", sides[0].sql, sides[1].sql,
                     merged ? "USING (link)" : "ON x1.link = x2.link");
    for (const auto &side : sides)
        if (std::none_of(side.relation->columns.begin(), side.relation->columns.end(),
                         [](const Column &x) { return x.name == "docs"; }))
            return std::nullopt;
    return spine;
}

std::optional<Spine> recursive(Context &c, const std::string &entity) {
    for (const Table &table : c.schema.tables) {
        if (table.self_link < 0 || !table.key_constraint ||
            !roots_a_definition(*c.schema.relations[static_cast<std::size_t>(table.number)]))
            continue;
        Derived tree = recursive_query(c, table, "tree");
        tree.relation->name = "tree";
        tree.relation->columns[0].unique = true;
        Body body;
        body.scope.aliases.push_back({"t", tree.relation, false, false});
        body.from.emplace_back("tree t");
        add_unique_joins(c, body, 2);
        body.where = conditions(c, body.scope, 1, 1);
        Spine spine;
        spine.before = sql("WITH RECURSIVE tree AS ({}) ", tree.sql);
        spine.outputs = {key_output(body.scope.aliases[0], 0, "pk_" + entity),
                         uuid_of(Node(body.scope.aliases[0].reference(0))),
                         data_output(document(c, body.scope, 1))};
        spine.tail = tail_of(body);
        c.shape("recursive-root");
        return spine;
    }
    return std::nullopt;
}

std::optional<Spine> keyed(Context &c, const std::string &entity) {
    const int kind = c.rng.below(4);
    if (kind == 0)
        return grouped_by_link(c, entity, true);
    const RelationPtr relation = c.rng.pick(c.relations);
    if (relation->unique_key.empty())
        return std::nullopt;
    if (!relation->ordered_data)
        c.unordered = true;
    Body body = start(c, relation);
    const Alias alias = body.scope.aliases[0];
    Spine spine;
    spine.explicit_keys = true;
    for (const int k : relation->unique_key)
        spine.outputs.push_back(
            key_output(alias, k, "k" + std::to_string(spine.outputs.size() + 1) + "_" + entity));
    spine.keys = static_cast<int>(spine.outputs.size());
    if (kind == 1) { // and the position in an array, after a set-returning function in FROM
        for (std::size_t i = 0; i < relation->columns.size(); ++i)
            if (relation->columns[i].type == Type::text_array ||
                relation->columns[i].type == Type::int4_array) {
                body.from.push_back(
                    Node(fmt::format(" CROSS JOIN LATERAL unnest({}) WITH ORDINALITY u(e, ord)",
                                     alias.reference(static_cast<int>(i)))));
                Column position;
                position.type = Type::int8;
                spine.outputs.push_back({"ord", Node("u.ord"), position});
                ++spine.keys;
                spine.outputs.push_back(data_output(Node("jsonb_build_object('e', u.e)")));
                c.shape("keyed-srf");
                break;
            }
    }
    if (kind == 2 && relation->id >= 0 && relation->origin != Origin::view) {
        c.may_duplicate = true; // nothing but the generator's habit keeps uuids apart
        spine.outputs = {key_output(alias, relation->id, "id")};
        spine.keys = 1;
        c.shape("keyed-uuid");
    }
    if (spine.keys > 1)
        c.shape("keyed-composite");
    if (spine.outputs.back().name != "data") {
        add_unique_joins(c, body, 2);
        body.where = conditions(c, body.scope, 1, 1);
        spine.outputs.push_back(data_output(document(c, body.scope, 1)));
    }
    c.shape("keyed");
    spine.tail = tail_of(body);
    return spine;
}

} // namespace oracle::spines
