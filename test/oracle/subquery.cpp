// subquery.cpp - sub-selects: scalar, ARRAY, collecting (jsonb_agg), EXISTS, IN and their negations.
//
// A sub-select reads one relation tied to the outer query (or two levels up, or not at all), possibly joined further,
// and may hide the tie inside a FROM subquery with its own GROUP BY, DISTINCT, LIMIT, window, UNION or CTE.

#include "context.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

bool is_array(const Column &column) {
    return column.type == Type::int4_array || column.type == Type::text_array;
}
bool is_json(const Column &column) { return column.type == Type::jsonb; }

// FROM unnest(outer.array) and the like.
std::optional<InnerFrom> function_from(Context &c, const Scope &outer) {
    const auto arrays = columns_where(outer, is_array);
    const auto documents = columns_where(outer, is_json);
    InnerFrom inner;
    inner.scope.outer = &outer;
    auto relation = std::make_shared<Relation>();
    relation->name = "f_rows";
    relation->origin = Origin::derived;
    Column value;
    value.name = "e";
    Column position;
    position.name = "ord";
    position.type = Type::int8;
    position.unique = true;
    relation->unique_key = {1};
    const std::string name = c.alias_name(relation->name);
    if (!arrays.empty() && (documents.empty() || c.rng.chance(60))) {
        const ColumnRef &array = c.rng.pick(arrays);
        value.type = array.info().type == Type::int4_array ? Type::int4 : Type::text;
        c.shape("srf-unnest");
        inner.from = fmt::format("unnest({}) WITH ORDINALITY {}(e, ord)", array.text(), identifier(name));
    } else if (!documents.empty()) {
        const std::string x = c.rng.pick(documents).text();
        value.type = Type::jsonb;
        c.shape("srf-jsonb");
        inner.from = sql(
            "jsonb_array_elements(CASE jsonb_typeof({}) WHEN 'array' THEN {} END) WITH ORDINALITY {}(e, ord)",
            x, x, identifier(name));
    } else {
        value.type = Type::int4;
        c.shape("srf-series");
        inner.from = fmt::format("generate_series(1, 3) WITH ORDINALITY {}(e, ord)", identifier(name));
    }
    relation->columns = {value, position};
    inner.scope.aliases.push_back({name, relation, false, false});
    return inner;
}

const Alias *choose_outer(Context &c, const Scope &outer) {
    const Scope *level = &outer;
    if (outer.outer != nullptr && !outer.outer->aliases.empty() &&
        (outer.aliases.empty() || c.rng.chance(30))) {
        level = outer.outer;
        c.shape("correlated-two-levels");
    }
    if (level->aliases.empty())
        return nullptr;
    return &c.rng.pick(level->aliases);
}

// (SELECT agg FROM (SELECT ... FROM inner WHERE tie ... ) q): the tie inside a FROM subquery.
std::optional<Node> nested_collecting(Context &c, const Scope &outer, InnerFrom &inner) {
    const auto form = c.rng.below(8);
    std::optional<StableOnly> stable;
    if (form > 1) // GROUP BY and DISTINCT show a definite one of equal values
        stable.emplace(c);
    const auto label = pick_column(c, inner.scope,
                                   stable ? c.rng.pick({Family::text, Family::integer})
                                          : c.rng.pick({Family::text, Family::integer, Family::numeric}));
    const auto order = total_order(c, inner.scope);
    if (!label)
        return std::nullopt;
    const Node where = where_clause(inner.where);
    const std::string q = identifier(c.alias_name("t_q"));
    const Node from = inner.from;
    const std::string x = label->text();
    switch (form) {
    case 0: {
        c.shape("subquery-grouped");
        Scope own; // an aggregate of outer columns alone would belong to the outer query
        own.aliases = inner.scope.aliases;
        return sql("(SELECT jsonb_object_agg(coalesce({}.k::text, '-'), {}.n ORDER BY {}.k NULLS FIRST) FROM "
                   "(SELECT {} AS k, count(*) AS n FROM {}{} GROUP BY {}{}) {})",
                   q, q, q, x, from, where, c.rng.chance(50) ? "1" : x,
                   c.rng.chance(35) ? optional(sql(" HAVING {}", having_condition(c, own))) : Node(""), q);
    }
    case 1:
        c.shape("subquery-distinct");
        return sql("(SELECT jsonb_agg({}.x ORDER BY {}.x) FROM (SELECT DISTINCT {} AS x FROM {}{}) {})", q, q,
                   x, from, where, q);
    case 2:
        c.shape("subquery-limit");
        return sql("(SELECT jsonb_agg({}.x ORDER BY {}.x) FROM (SELECT DISTINCT {} AS x FROM {}{} ORDER BY 1 "
                   "LIMIT 2) {})",
                   q, q, x, from, where, q);
    case 3:
        if (!order)
            return std::nullopt;
        c.shape("subquery-window");
        return sql("(SELECT jsonb_agg(jsonb_build_object('x', {}.x, 'rn', {}.rn) ORDER BY {}.rn) FROM "
                   "(SELECT {} AS x, row_number() OVER (ORDER BY {}) AS rn FROM {}{}) {} WHERE {}.rn <= 2)",
                   q, q, q, x, *order, from, where, q, q);
    case 4:
        c.shape("subquery-cte");
        return sql("(WITH w AS {}(SELECT {} AS x FROM {}{}) SELECT jsonb_agg({}.x ORDER BY {}.x) FROM w {})",
                   c.rng.pick({"", "MATERIALIZED "}), x, from, where, q, q, q);
    case 5: {
        auto second = inner_from(c, outer, 0);
        if (!second)
            return std::nullopt;
        const auto other = pick_column(c, second->scope, info(label->info().type).family);
        if (!other)
            return std::nullopt;
        c.shape("subquery-union");
        return sql("(SELECT jsonb_agg({}.x ORDER BY {}.x) FROM (SELECT {} AS x FROM {}{} {} SELECT {} FROM "
                   "{}{}) {})",
                   q, q, x, from, where,
                   c.rng.pick({"UNION", "UNION ALL", "INTERSECT", "EXCEPT", "EXCEPT ALL"}), other->text(),
                   second->from, where_clause(second->where), q);
    }
    case 6:
        if (!order)
            return std::nullopt;
        c.shape("subquery-ordered");
        return sql("(SELECT jsonb_agg({}.x) FROM (SELECT {} AS x FROM {}{} ORDER BY {} LIMIT 3) {})", q, x,
                   from, where, *order, q);
    default:
        if (!order)
            return std::nullopt;
        c.shape("subquery-distinct-on");
        return sql("(SELECT jsonb_agg({}.y ORDER BY {}.x, {}.y) FROM (SELECT DISTINCT ON ({}) {} AS x, {} AS "
                   "y FROM {}{} ORDER BY {}, {}) {})",
                   q, q, q, x, x, column_expression(c, inner.scope).sql, from, where, x,
                   *tie_break(inner.scope), q);
    }
}

// Ancestors of a row by its self link, at most a few, so that cycles end.
std::optional<Node> ancestors(Context &c, const Scope &outer) {
    for (const Table &table : c.schema.tables) {
        if (table.self_link < 0)
            continue;
        const auto &column = table.columns[static_cast<std::size_t>(table.self_link)];
        for (const Alias &alias : outer.aliases)
            for (std::size_t i = 0; i < alias.relation->columns.size(); ++i) {
                if (alias.relation->columns[i].domain != column.domain)
                    continue;
                const std::string key = identifier(table.columns[static_cast<std::size_t>(table.key)].name);
                c.shape("recursive-subquery");
                return Node(
                    fmt::format("(WITH RECURSIVE up (k, depth) AS (SELECT {0}::bigint, 1 UNION SELECT "
                                "n.{1}::bigint, up.depth + 1 FROM {2} n JOIN up ON n.{3} = up.k "
                                "WHERE up.depth < 4) SELECT jsonb_agg(up.k ORDER BY up.depth, up.k) FROM up)",
                                alias.reference(static_cast<int>(i)), identifier(column.name),
                                identifier(table.name), key));
            }
    }
    return std::nullopt;
}

// A scalar that an ARRAY(...) can hold: arrays of arrays would need equal dimensions.
std::optional<ColumnRef> array_element(Context &c, const Scope &scope) {
    return pick_column(
        c, scope, c.rng.pick({Family::text, Family::integer, Family::numeric, Family::jsonb, Family::date}));
}

} // namespace

std::optional<InnerFrom> inner_from(Context &c, const Scope &outer, int depth) {
    if (!c.spend())
        return std::nullopt;
    if (c.rng.chance(9))
        return function_from(c, outer);
    const Alias *tied = choose_outer(c, outer);
    if (tied == nullptr)
        return std::nullopt;
    InnerFrom inner;
    inner.scope.outer = &outer;
    std::vector<Node> items;
    if (c.rng.chance(7)) {
        const RelationPtr relation = c.rng.pick(c.relations);
        inner.scope.aliases.push_back({c.alias_name(relation->name), relation, false, false});
        if (!relation->ordered_data)
            c.unordered = true;
        items.emplace_back(table_item(inner.scope.aliases.back()));
        c.shape("subquery-uncorrelated");
        inner.where = conditions(c, inner.scope, 0, 1);
    } else {
        auto linked = linked_relation(c, *tied, c.rng.chance(25));
        if (!linked)
            return std::nullopt;
        inner.unique = linked->condition.unique;
        items.emplace_back(table_item(linked->alias));
        inner.scope.aliases.push_back(linked->alias);
        inner.where.push_back(linked->condition.sql);
    }
    if (c.rng.chance(30) && add_join(c, inner.scope, items, false, 0)) {
        c.shape("subquery-join");
        inner.unique = false;
    }
    for (auto &more : conditions(c, inner.scope, depth, 2))
        inner.where.push_back(std::move(more));
    inner.from = from_clause(std::move(items));
    return inner;
}

std::optional<Node> scalar_subquery(Context &c, const Scope &outer, int depth) {
    if (c.rng.chance(10))
        if (auto found = ancestors(c, outer))
            return found;
    auto inner = inner_from(c, outer, depth);
    if (!inner)
        return std::nullopt;
    Node where = where_clause(inner->where);
    if (inner->unique && c.rng.chance(70)) {
        c.shape("scalar-subquery-unique");
        return sql("(SELECT {} FROM {}{})", optional(scalar(c, inner->scope, depth).sql, "1"), inner->from,
                   where);
    }
    const auto order = total_order(c, inner->scope);
    if (order && c.rng.chance(50)) {
        c.shape("scalar-subquery-limit");
        return sql("(SELECT {} FROM {}{} ORDER BY {} LIMIT 1{})",
                   optional(scalar(c, inner->scope, depth).sql, "1"), inner->from, where, *order,
                   c.rng.chance(20) ? " OFFSET 1" : "");
    }
    c.shape("scalar-subquery-aggregate");
    return sql("(SELECT {} FROM {}{})", aggregate(c, inner->scope, depth), inner->from, where);
}

std::optional<Node> collecting_subquery(Context &c, const Scope &outer, int depth) {
    auto inner = inner_from(c, outer, depth);
    if (!inner)
        return std::nullopt;
    if (c.rng.chance(30))
        if (auto found = nested_collecting(c, outer, *inner))
            return found;
    Node where = where_clause(inner->where);
    const auto order = total_order(c, inner->scope);
    if (order && c.rng.chance(18)) {
        if (const auto element = array_element(c, inner->scope)) {
            c.shape("array-subquery");
            return sql("ARRAY(SELECT {} FROM {}{} ORDER BY {}{})", element->text(), inner->from, where,
                       *order, c.rng.chance(30) ? " LIMIT 2" : "");
        }
    }
    c.shape("collecting-subquery");
    return sql("(SELECT {} FROM {}{})", collecting_aggregate(c, inner->scope, depth), inner->from, where);
}

std::optional<Node> boolean_subquery(Context &c, const Scope &outer, int depth) {
    auto inner = inner_from(c, outer, depth);
    if (!inner)
        return std::nullopt;
    Node where = where_clause(inner->where);
    const int draw = c.rng.below(12);
    if (draw < 7) {
        c.shape(draw < 4 ? "exists" : "not-exists");
        return sql("{}EXISTS (SELECT {} FROM {}{})", draw < 4 ? "" : "NOT ", c.rng.pick({"1", "*", "NULL"}),
                   inner->from, where);
    }
    const auto family = c.rng.pick({Family::integer, Family::text});
    const auto x = pick_column(c, outer, family);
    const auto y = pick_column(c, inner->scope, family);
    if (!x || !y) {
        c.shape("exists");
        return sql("EXISTS (SELECT FROM {}{})", inner->from, where);
    }
    if (c.rng.chance(30) && !inner->where.empty()) { // the tie is the IN itself
        inner->where.erase(inner->where.begin());
        where = where_clause(inner->where);
    }
    switch (draw) {
    case 7:
        c.shape("in-subquery");
        return sql("{} IN (SELECT {} FROM {}{})", x->text(), y->text(), inner->from, where);
    case 8:
        c.shape("not-in-subquery");
        return sql("{} NOT IN (SELECT {} FROM {}{})", x->text(), y->text(), inner->from, where);
    case 9:
        c.shape("any-all-subquery");
        return sql("{} {} (SELECT {} FROM {}{})", x->text(),
                   c.rng.pick({"= ANY", "> ALL", "<= ANY", "<> ALL"}), y->text(), inner->from, where);
    case 10: {
        const auto x2 = pick_column(c, outer, Family::text);
        const auto y2 = pick_column(c, inner->scope, Family::text);
        if (x2 && y2) {
            c.shape("row-in-subquery");
            return sql("({}, {}) IN (SELECT {}, {} FROM {}{})", x->text(), x2->text(), y->text(), y2->text(),
                       inner->from, where);
        }
        break;
    }
    default:
        break;
    }
    c.shape("count-in-condition");
    return sql("(SELECT count(*) FROM {}{}) {} {}", inner->from, where, c.rng.pick({">", "<=", "="}),
               std::to_string(c.rng.below(3)));
}

} // namespace oracle
