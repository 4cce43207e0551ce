// from.cpp - join items: plain, outer, nested and lateral joins to relations, FROM subqueries and functions.
//
// add_join() appends one item. With `unique` the item matches at most one row for every row so far, which is how a
// definition keeps its key unique without grouping.

#include "context.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

bool is_array(const Column &column) {
    return column.type == Type::int4_array || column.type == Type::text_array;
}

std::string on_alias(const std::string &filter, const std::string &alias) {
    std::string out;
    for (const char ch : filter)
        out += ch == '@' ? identifier(alias) : std::string(1, ch);
    return out;
}

// JOIN ... USING a column that both sides have under the same name.
bool join_using(Context &c, Scope &scope, std::vector<Node> &from, Alias alias) {
    for (const Column &a : scope.aliases[0].relation->columns)
        for (const Column &b : alias.relation->columns) {
            if (a.name != b.name || a.type != b.type || !info(a.type).equality || a.role == Role::id ||
                a.role == Role::soft_delete)
                continue;
            c.shape("join-using");
            alias.single = false;
            from.push_back(sql(" {} JOIN {} USING ({})", c.rng.pick({"INNER", "LEFT"}), table_item(alias),
                               identifier(a.name)));
            scope.aliases.push_back(std::move(alias));
            return true;
        }
    return false;
}

bool join_relation(Context &c, Scope &scope, std::vector<Node> &from, bool unique) {
    const Alias left = c.rng.pick(scope.aliases);
    auto linked = linked_relation(c, left, unique);
    if (!linked)
        return false;
    linked->alias.single = linked->condition.unique;
    if (c.rng.chance(9)) { // a sub-select in ON
        Scope both;
        both.aliases = {left, linked->alias};
        if (auto more = boolean_subquery(c, both, 0)) {
            linked->condition.sql = sql("{}{}", linked->condition.sql, optional(sql(" AND {}", *more)));
            c.shape("join-on-subquery");
        }
    }
    if (!unique && from.size() == 1 && scope.aliases.size() == 1 && c.rng.chance(20) &&
        join_using(c, scope, from, linked->alias))
        return true;
    const int kind = c.rng.weighted({45, 45, unique ? 0 : 5, unique ? 0 : 5});
    if (kind == 0) {
        from.push_back(sql(" JOIN {} ON {}", table_item(linked->alias), linked->condition.sql));
        c.shape("inner-join");
    } else if (kind == 1) {
        // A second table behind the first, both on the nullable side.
        if (c.rng.chance(18)) {
            auto second = linked_relation(c, linked->alias, true);
            if (second) {
                linked->alias.padded = true;
                second->alias.padded = true;
                second->alias.single = true;
                from.push_back(sql(" LEFT JOIN ({} JOIN {} ON {}) ON {}", table_item(linked->alias),
                                   table_item(second->alias), second->condition.sql, linked->condition.sql));
                scope.aliases.push_back(linked->alias);
                scope.aliases.push_back(second->alias);
                c.shape("nested-join");
                return true;
            }
        }
        linked->alias.padded = true;
        from.push_back(sql(" LEFT JOIN {} ON {}", table_item(linked->alias), linked->condition.sql));
        c.shape("left-join");
    } else {
        from.push_back(sql(" CROSS JOIN {}", table_item(linked->alias)));
        linked->alias.single = false; // the condition is not used
        c.shape("cross-join");
    }
    scope.aliases.push_back(linked->alias);
    return true;
}

bool join_derived(Context &c, Scope &scope, std::vector<Node> &from, bool unique) {
    std::vector<ColumnRef> links =
        columns_where(scope, [](const Column &column) { return column.domain != no_domain; });
    if (links.empty())
        return false;
    const ColumnRef link = c.rng.pick(links);
    auto query = derived_query(c, link.info().domain);
    if (!query)
        return false;
    const Alias alias{c.alias_name("d_q"), query->relation, true, unique};
    std::string extra;
    if (unique && !query->relation->columns[0].unique) {
        if (query->filter.empty())
            return false;
        extra = " AND " + on_alias(query->filter, alias.name);
    }
    const std::string kind = c.rng.pick({" LEFT JOIN ", " LEFT JOIN ", " JOIN "});
    from.push_back(sql("{}({}) {} ON {}.link = {}{}", kind, query->sql, identifier(alias.name),
                       identifier(alias.name), link.text(), extra));
    scope.aliases.push_back(alias);
    return true;
}

bool join_lateral(Context &c, Scope &scope, std::vector<Node> &from, bool unique, int depth) {
    auto inner = inner_from(c, scope, depth);
    if (!inner)
        return false;
    auto relation = std::make_shared<Relation>();
    relation->name = "l_q";
    relation->origin = Origin::derived;
    Column first;
    first.name = "x";
    Column second;
    second.name = "y";
    const Node where = where_clause(inner->where);
    Node query;
    if (c.rng.chance(45)) {
        const bool was_unordered = c.unordered;
        c.unordered = false;
        query = sql("SELECT count(*) AS x, to_jsonb({}) AS y FROM {}{}", aggregate(c, inner->scope, depth),
                    inner->from, where);
        relation->ordered_data = !c.unordered;
        c.unordered = c.unordered || was_unordered;
        first.type = Type::int8;
        second.type = Type::jsonb;
        second.unique = true; // one row, always
        c.shape("lateral-aggregate");
    } else {
        const auto order = total_order(c, inner->scope);
        const auto x = pick_column(c, inner->scope, c.rng.pick({Family::integer, Family::text}));
        if (!order || !x)
            return false;
        first.type = is_family(x->info().type, Family::text) ? Type::text
                     : x->info().type == Type::dom_small     ? Type::int4
                                                             : x->info().type;
        second.type = Type::jsonb;
        query =
            sql("SELECT {} AS x, {} AS y FROM {}{} ORDER BY {}{}", x->text(), document(c, inner->scope, 0),
                inner->from, where, *order, unique ? " LIMIT 1" : c.rng.pick({" LIMIT 2", " LIMIT 1", ""}));
        c.shape("lateral-limit");
    }
    relation->columns = {first, second};
    const Alias alias{c.alias_name("l_q"), relation, true, unique || second.unique};
    from.push_back(c.rng.chance(60) ? sql(" LEFT JOIN LATERAL ({}) {} ON true", query, identifier(alias.name))
                                    : sql(" CROSS JOIN LATERAL ({}) {}", query, identifier(alias.name)));
    scope.aliases.push_back(alias);
    return true;
}

bool join_function(Context &c, Scope &scope, std::vector<Node> &from) {
    const auto arrays = columns_where(scope, is_array);
    auto relation = std::make_shared<Relation>();
    relation->name = "u_q";
    relation->origin = Origin::derived;
    Column element;
    element.name = "e";
    Column position;
    position.name = "ord";
    position.type = Type::int8;
    const std::string name = c.alias_name("u_q");
    if (!arrays.empty()) {
        const ColumnRef &array = c.rng.pick(arrays);
        element.type = array.info().type == Type::int4_array ? Type::int4 : Type::text;
        const bool padded = c.rng.chance(50);
        from.push_back(
            Node(fmt::format(" {} JOIN unnest({}) WITH ORDINALITY {}(e, ord){}", padded ? "LEFT" : "CROSS",
                             array.text(), identifier(name), padded ? " ON true" : "")));
        c.shape("srf-from");
    } else {
        element.type = Type::int4;
        from.push_back(Node(
            fmt::format(" CROSS JOIN generate_series(1, 2) WITH ORDINALITY {}(e, ord)", identifier(name))));
        c.shape("srf-series");
    }
    relation->columns = {element, position};
    relation->unique_key = {1}; // together with the row it comes from
    scope.aliases.push_back({name, relation, true, false});
    return true;
}

bool join_values(Context &c, Scope &scope, std::vector<Node> &from) {
    const auto number = pick_column(c, scope, Family::integer);
    if (!number)
        return false;
    auto relation = std::make_shared<Relation>();
    relation->name = "v_q";
    relation->origin = Origin::derived;
    Column n;
    n.name = "n";
    n.unique = true;
    Column label;
    label.name = "label";
    label.type = Type::text;
    relation->columns = {n, label};
    relation->unique_key = {0};
    const Alias alias{c.alias_name("v_q"), relation, true, true};
    from.push_back(
        Node(fmt::format(" LEFT JOIN (VALUES (1, 'one'), (2, 'two'), (3, NULL)) {0}(n, label) ON {0}.n = {1}",
                         identifier(alias.name), number->text())));
    scope.aliases.push_back(alias);
    c.shape("from-values");
    return true;
}

} // namespace

bool add_join(Context &c, Scope &scope, std::vector<Node> &from, bool unique, int depth) {
    if (!c.spend() || scope.aliases.empty())
        return false;
    switch (c.rng.weighted({58, 17, 14, unique ? 0 : 8, 4})) {
    case 0:
        return join_relation(c, scope, from, unique);
    case 1:
        return join_derived(c, scope, from, unique);
    case 2:
        return join_lateral(c, scope, from, unique, depth);
    case 3:
        return join_function(c, scope, from);
    default:
        return join_values(c, scope, from);
    }
}

Node from_clause(std::vector<Node> items) {
    Node result;
    for (std::size_t i = 0; i < items.size(); ++i)
        result.parts.push_back(i == 0 ? std::move(items[i]) : optional(std::move(items[i])));
    return result;
}

} // namespace oracle
