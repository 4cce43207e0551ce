// spine.cpp - the common forms of a whole definition (flat, grouped, DISTINCT, set operation), and the choice of one.
//
// Each form keeps its key unique by construction: only joins that match one row, or a grouping or DISTINCT on the
// key. The exceptions say so (Context::may_duplicate). The key is always a plain column, as TVIEWs require.

#include "spine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle {

using namespace spines;

namespace {

// The root behind a FULL or RIGHT JOIN: rows without a root have a NULL key and are left out of the TVIEW.
void add_outer_root(Context &c, Body &body) {
    auto linked = linked_relation(c, body.scope.aliases[0], true);
    if (!linked || !linked->condition.hashable || !linked->condition.sql.parts.empty())
        return;
    linked->alias.padded = true;
    linked->alias.single = true;
    const std::string kind = c.rng.pick({"FULL", "RIGHT", "FULL"});
    c.shape(kind == "FULL" ? "full-join" : "right-join");
    const std::string own = table_item(body.scope.aliases[0]);
    if (c.rng.chance(25)) { // the other way round: the root is kept
        body.from[0] =
            sql("{}{}{}", optional(Node(table_item(linked->alias) + " RIGHT JOIN "), "", "outer-root"), own,
                optional(sql(" ON {}", linked->condition.sql), "", "outer-root"));
    } else {
        body.from[0] =
            sql("{}{}", own,
                optional(sql(" {} JOIN {} ON {}", kind, table_item(linked->alias), linked->condition.sql)));
        c.shape("null-key");
    }
    body.scope.aliases.push_back(linked->alias);
}

std::optional<Spine> flat(Context &c, const std::string &entity, bool with_limit) {
    const auto root = choose_root(c, false);
    if (!root)
        return std::nullopt;
    Body body = start(c, *root);
    if (c.rng.chance(14))
        add_outer_root(c, body);
    add_unique_joins(c, body, 3);
    body.where = conditions(c, body.scope, 2, 2);
    Spine spine;
    const Alias root_alias = body.scope.aliases[0];
    spine.outputs = {key_output(root_alias, root_alias.relation->key, key_name(c, root_alias, entity)),
                     id_output(root_alias)};
    add_extras(c, body.scope, spine.outputs);
    Node data = document(c, body.scope, 2);
    if (c.rng.chance(14))
        data = sql("{} || jsonb_build_object('w', {})", data, window_call(c, body.scope, c.rng.chance(75)));
    if (!c.shapes.contains("full-join") && !c.shapes.contains("right-join") && c.rng.chance(3)) {
        auto more = linked_relation(c, root_alias, false); // perhaps several rows for one key
        if (more && !more->condition.unique) {
            body.from.push_back(sql(" JOIN {} ON {}", table_item(more->alias), more->condition.sql));
            c.may_duplicate = true;
            c.shape("may-duplicate");
        }
    }
    if (c.rng.chance(5)) { // rows without a match: as unique as the root itself
        if (auto none = linked_relation(c, root_alias, false); none && none->alias.relation->key >= 0) {
            body.from.push_back(sql(" LEFT JOIN {} ON {}", table_item(none->alias), none->condition.sql));
            body.where.push_back(sql("{} IS NULL", none->alias.reference(none->alias.relation->key)));
            c.shape("anti-join");
        }
    }
    if (c.rng.chance(1)) {
        data = sql("{} || jsonb_build_object('v', {})", data,
                   c.rng.pick({"now()", "random()", "clock_timestamp()", "current_user",
                               "current_setting('TimeZone')", "pg_backend_pid()", "gen_random_uuid()"}));
        c.must_refuse = true;
        c.shape("must-be-refused");
    }
    spine.outputs.push_back(data_output(std::move(data)));
    Node after;
    if (with_limit || c.rng.chance(12)) {
        if (const auto order = total_order(c, body.scope)) {
            after = sql(" ORDER BY {}", *order);
            c.shape("order-by");
            if (with_limit) {
                after = sql("{} LIMIT {}{}", after, std::to_string(c.rng.between(1, 6)),
                            c.rng.chance(25) ? " OFFSET 1" : "");
                c.shape("limit");
            }
        }
    }
    spine.tail = tail_of(body, after);
    return spine;
}

// GROUP BY the root's key (alone where it is a primary key), aggregates over joins of any multiplicity.
std::optional<Spine> grouped(Context &c, const std::string &entity) {
    const bool by_key_alone = c.rng.chance(50);
    const auto root = choose_root(c, by_key_alone);
    if (!root)
        return std::nullopt;
    Body body = start(c, *root);
    for (int i = c.rng.between(1, 3); i > 0; --i)
        add_join(c, body.scope, body.from, false, 0);
    body.where = conditions(c, body.scope, 1, 2);
    const Alias alias = body.scope.aliases[0];
    auto visible = std::make_shared<Relation>(**root);
    std::string by = alias.reference(alias.relation->key);
    if (!by_key_alone) {
        visible->columns.clear();
        for (std::size_t i = 0; i < alias.relation->columns.size(); ++i) {
            const Column &column = alias.relation->columns[i];
            const bool needed =
                static_cast<int>(i) == alias.relation->key || static_cast<int>(i) == alias.relation->id;
            if (!needed && (!info(column.type).image_stable || !c.rng.chance(40)))
                continue;
            visible->columns.push_back(column);
            if (static_cast<int>(i) != alias.relation->key)
                by += ", " + alias.reference(static_cast<int>(i));
        }
        c.shape("group-by-columns");
    } else {
        c.shape("group-by-primary-key");
    }
    Scope groups;
    groups.aliases.push_back({alias.name, visible, false, false});
    Spine spine;
    spine.outputs = {key_output(alias, alias.relation->key, key_name(c, alias, entity)), id_output(alias)};
    std::vector<Node> entries;
    c.stable_only +=
        by_key_alone ? 0 : 1; // grouped columns: one of several equal values stands for the group
    add_extras(c, groups, spine.outputs);
    entries.push_back(sql("'of', {}", scalar(c, groups, 1).sql));
    c.stable_only -= by_key_alone ? 0 : 1;
    for (int i = c.rng.between(1, 3); i > 0; --i)
        entries.push_back(sql("'a{}', {}", std::to_string(i), aggregate(c, body.scope, 1)));
    if (c.rng.chance(8)) {
        c.shape("window-over-groups");
        entries.push_back(
            sql("'w', {}", c.rng.pick({"sum(count(*)) OVER ()", "rank() OVER (ORDER BY count(*) DESC)"})));
    }
    spine.outputs.push_back(
        data_output(sql("jsonb_build_object({})", list("", ", ", "", std::move(entries)))));
    Node having = c.rng.chance(30) ? optional(sql(" HAVING {}", having_condition(c, body.scope))) : Node("");
    spine.tail = tail_of(body, sql(" GROUP BY {}{}", by, having));
    c.shape("grouped");
    return spine;
}

// DISTINCT ON the key, or DISTINCT over columns that depend on the key, after joins that multiply rows.
std::optional<Spine> distinct(Context &c, const std::string &entity, bool on_key) {
    const auto root = choose_root(c, false);
    if (!root)
        return std::nullopt;
    Body body = start(c, *root);
    for (int i = c.rng.between(1, 2); i > 0; --i)
        add_join(c, body.scope, body.from, false, 0);
    const Alias alias = body.scope.aliases[0];
    body.where = conditions(c, body.scope, 1, 2);
    Spine spine;
    spine.outputs = {key_output(alias, alias.relation->key, key_name(c, alias, entity)), id_output(alias)};
    const std::string key = alias.reference(alias.relation->key);
    if (on_key) {
        const auto order = total_order(c, body.scope);
        if (!order)
            return std::nullopt;
        add_extras(c, body.scope, spine.outputs);
        spine.outputs.push_back(data_output(document(c, body.scope, 1)));
        spine.distinct = "DISTINCT ON (" + key + ") ";
        spine.tail = tail_of(body, sql(" ORDER BY {}, {}", key, *order));
        c.shape("distinct-on");
        return spine;
    }
    StableOnly stable(c);
    Scope own;
    own.aliases = {alias};
    add_extras(c, own, spine.outputs);
    spine.outputs.push_back(data_output(document(c, own, 1)));
    spine.distinct = "DISTINCT ";
    spine.tail = tail_of(body);
    c.shape("distinct");
    return spine;
}

std::optional<Spine> set_operation(Context &c, const std::string &entity) {
    const auto root = choose_root(c, false);
    if (!root)
        return std::nullopt;
    Body body = start(c, *root);
    const Alias alias = body.scope.aliases[0];
    const std::string operation = c.rng.pick({"UNION ALL", "UNION ALL", "UNION", "INTERSECT", "EXCEPT"});
    Spine spine;
    spine.outputs = {key_output(alias, alias.relation->key, key_name(c, alias, entity)), id_output(alias)};
    Scope own = body.scope;
    if (operation == "UNION ALL") {
        add_unique_joins(c, body, 1);
        const Node split = condition(c, own, 1);
        Body second = body;
        body.where.push_back(split);
        second.where.push_back(sql("({}) IS NOT TRUE", split));
        for (auto &more : conditions(c, body.scope, 1, 1))
            second.where.push_back(std::move(more));
        add_extras(c, body.scope, spine.outputs);
        spine.outputs.push_back(data_output(document(c, body.scope, 1)));
        spine.tail = tail_of(body);
        spine.branches.emplace_back(operation, tail_of(second));
        c.shape("union-all");
        return spine;
    }
    StableOnly stable(c);
    add_unique_joins(c, body, 1);
    Body second = body;
    body.where = conditions(c, body.scope, 1, 2);
    second.where = conditions(c, body.scope, 1, 2);
    if (operation != "UNION" && second.where.empty())
        second.where.push_back(condition(c, body.scope, 1));
    add_extras(c, own, spine.outputs);
    spine.outputs.push_back(data_output(document(c, own, 1)));
    spine.tail = tail_of(body);
    spine.branches.emplace_back(operation, tail_of(second));
    c.shape(operation == "UNION" ? "union" : operation == "INTERSECT" ? "intersect" : "except");
    return spine;
}

// Nothing but tables, each found by a unique column of it from those before: rows that can be put together without a query.
// What is asked of them beyond that is where such rows go wrong: in ON and in WHERE, of rows that may not be there.
std::optional<Spine> chain(Context &c, const std::string &entity) {
    std::vector<RelationPtr> roots;
    for (const RelationPtr &relation : c.relations)
        if (!relation->unique_key.empty() &&
            (relation->origin == Origin::table || relation->origin == Origin::tview))
            roots.push_back(relation);
    if (roots.empty())
        return std::nullopt;
    c.budget = 0; // no sub-selects
    const RelationPtr root = c.rng.pick(roots);
    if (!root->ordered_data)
        c.unordered = true;
    Body body = start(c, root);
    for (int i = c.rng.between(1, 4); i > 0; --i) {
        auto linked = linked_relation(c, Alias(c.rng.pick(body.scope.aliases)), true);
        if (!linked || linked->alias.relation->origin == Origin::view ||
            linked->alias.relation->origin == Origin::cte)
            continue;
        linked->alias.single = true;
        linked->alias.padded = c.rng.chance(60);
        Node on = linked->condition.sql;
        if (c.rng.chance(45)) {
            Scope asked = c.rng.chance(30) ? body.scope : Scope{};
            asked.aliases.push_back(linked->alias);
            asked.aliases.back().padded = false;
            on = sql("{}{}", on, optional(sql(" AND {}", condition(c, asked, 0))));
            c.shape("chain-on");
        }
        body.from.push_back(
            sql(" {} {} ON {}", linked->alias.padded ? "LEFT JOIN" : "JOIN", table_item(linked->alias), on));
        body.scope.aliases.push_back(linked->alias);
    }
    body.where = conditions(c, body.scope, 1, 3);
    const Alias alias = body.scope.aliases[0];
    Spine spine;
    spine.explicit_keys = !roots_a_definition(*root);
    for (const int key : root->unique_key)
        spine.outputs.push_back(key_output(alias, key,
                                           spine.explicit_keys
                                               ? "k" + std::to_string(spine.outputs.size() + 1) + "_" + entity
                                               : key_name(c, alias, entity)));
    spine.keys = static_cast<int>(spine.outputs.size());
    if (!spine.explicit_keys)
        spine.outputs.push_back(id_output(alias));
    add_extras(c, body.scope, spine.outputs);
    std::vector<Node> entries; // plain ones: a single expression of another kind, and a query is asked
    for (const Alias &one : body.scope.aliases) {
        Scope own;
        own.aliases = {one};
        entries.push_back(sql("'{}', {}", one.name.find('"') == std::string::npos ? one.name : "x",
                              column_expression(c, own).sql));
    }
    if (c.rng.chance(40))
        entries.push_back(sql("'s', {}", scalar(c, body.scope, 1).sql));
    spine.outputs.push_back(
        data_output(sql("jsonb_build_object({})", list("", ", ", "", std::move(entries)))));
    spine.tail = tail_of(body);
    c.shape("chain");
    return spine;
}

} // namespace

std::optional<Spine> make_spine(Context &c, const std::string &entity) {
    Node with;
    if (c.rng.chance(22))
        with = ctes(c);
    std::optional<Spine> spine;
    switch (c.rng.weighted({34, 14, 7, 7, 5, 12, 8, 3, 4, 8, 4, 14})) {
    case 0:
        spine = flat(c, entity, false);
        break;
    case 1:
        spine = grouped(c, entity);
        break;
    case 2:
        spine = grouped_by_link(c, entity, false);
        break;
    case 3:
        spine = distinct(c, entity, true);
        break;
    case 4:
        spine = distinct(c, entity, false);
        break;
    case 5:
        spine = set_operation(c, entity);
        break;
    case 6:
        spine = from_subquery(c, entity);
        break;
    case 7:
        spine = full_join_of_groups(c, entity);
        break;
    case 8:
        spine = recursive(c, entity);
        break;
    case 9:
        spine = keyed(c, entity);
        break;
    case 10:
        spine = flat(c, entity, true);
        break;
    default:
        spine = chain(c, entity);
        break;
    }
    if (!spine)
        return std::nullopt;
    if (!with.parts.empty()) {
        if (!spine->before.parts.empty())
            return std::nullopt; // a recursive root has its own WITH
        spine->before = with;
    }
    return spine;
}

} // namespace oracle
