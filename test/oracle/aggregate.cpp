// aggregate.cpp - aggregates, total orders and window calls over the rows of one query level.
//
// An order is total when it ends in the unique keys of all relations of the level. Where rows cannot be told apart
// only aggregates that do not depend on order are used, or, on purpose, jsonb_agg and array_agg without ORDER BY:
// those the extension puts into a canonical order itself, and the definition is marked `unordered`.

#include "context.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

Node filter(Context &c, const Scope &scope) {
    if (!c.rng.chance(22))
        return "";
    c.shape("agg-filter");
    Scope local; // a filter over nothing but outer columns would make the aggregate the outer query's
    local.aliases = scope.aliases;
    const bool with_subquery = c.rng.chance(12);
    if (with_subquery)
        c.shape("filter-subquery");
    return optional(sql(" FILTER (WHERE {})", condition(c, local, with_subquery ? 1 : 0)));
}

// A column whose equal values are identical, of one of the families that have the operation.
std::optional<ColumnRef> stable_column(Context &c, const Scope &scope,
                                       std::initializer_list<Family> families) {
    StableOnly stable(c);
    for (int attempt = 0; attempt < 4; ++attempt)
        if (auto found = pick_column(c, scope, c.rng.pick(families)))
            return found;
    return std::nullopt;
}

// An object with a column that tells rows of one of the relations apart.
std::optional<Node> element_with_id(Context &c, const Scope &scope, int depth) {
    if (scope.aliases.empty())
        return std::nullopt;
    const Alias &alias = c.rng.pick(scope.aliases);
    std::vector<std::string> found;
    for (int i = 0; i < static_cast<int>(alias.relation->columns.size()); ++i)
        if (i == alias.relation->key || i == alias.relation->id || alias.column(i).unique)
            found.push_back(alias.reference(i));
    if (found.empty())
        return std::nullopt;
    c.shape("element-id");
    return sql("jsonb_build_object('id', {}, 'v', {})", c.rng.pick(found), scalar(c, scope, depth).sql);
}

Expression element(Context &c, const Scope &scope, int depth) {
    if (c.rng.chance(40))
        if (auto object = element_with_id(c, scope, depth))
            return {*object, Type::jsonb};
    switch (c.rng.below(5)) {
    case 0:
        return column_expression(c, scope);
    case 1:
        if (c.stable_only == 0)
            return whole_row(c, scope);
        return column_expression(c, scope);
    case 2:
        return scalar(c, scope, depth);
    default:
        return {document(c, scope, depth), Type::jsonb};
    }
}

Node plain_aggregate(Context &c, const Scope &scope) {
    switch (c.rng.below(9)) {
    case 0:
        return "count(*)";
    case 1:
        if (const auto x =
                stable_column(c, scope, {Family::text, Family::integer, Family::date, Family::boolean})) {
            c.shape("agg-distinct");
            return fmt::format("count(DISTINCT {})", x->text());
        }
        break;
    case 2:
        if (const auto x = pick_column(c, scope, Family::integer)) {
            c.shape("agg-sum");
            return fmt::format("sum({})", x->text());
        }
        break;
    case 3:
        if (const auto x = pick_column(c, scope, Family::numeric)) {
            c.shape("agg-sum");
            return fmt::format("sum({})", x->text());
        }
        break;
    case 4:
        if (const auto x = pick_column(c, scope, c.rng.pick({Family::integer, Family::numeric}))) {
            c.shape("agg-avg");
            return fmt::format("avg({})", x->text());
        }
        break;
    case 5:
        if (const auto x = stable_column(
                c, scope,
                {Family::text, Family::integer, Family::date, Family::timestamp, Family::enumeration})) {
            c.shape("agg-min-max");
            return fmt::format("{}({})", c.rng.pick({"min", "max"}), x->text());
        }
        break;
    case 6:
        if (const auto x = pick_column(c, scope, Family::boolean)) {
            c.shape("agg-bool");
            return fmt::format("{}({})", c.rng.pick({"bool_and", "bool_or", "every"}), x->text());
        }
        break;
    case 7:
        if (const auto x = stable_column(c, scope, {Family::text})) {
            c.shape("agg-user");
            return fmt::format("longest({})", x->text());
        }
        break;
    default:
        if (const auto x = stable_column(c, scope, {Family::text, Family::integer, Family::date})) {
            c.shape("agg-ordered-set");
            return fmt::format("percentile_disc(0.5) WITHIN GROUP (ORDER BY {})", x->text());
        }
    }
    c.shape("agg-count");
    return "count(*)";
}

} // namespace

std::optional<std::string> tie_break(const Scope &scope) {
    std::string order;
    for (const Alias &alias : scope.aliases) {
        if (alias.single)
            continue;
        if (alias.relation->unique_key.empty())
            return std::nullopt;
        for (const int c : alias.relation->unique_key)
            order += (order.empty() ? "" : ", ") + alias.reference(c);
    }
    return order;
}

std::optional<Node> total_order(Context &c, const Scope &scope) {
    const auto ties = tie_break(scope);
    if (!ties || ties->empty())
        return std::nullopt;
    if (c.rng.chance(45))
        return Node(*ties);
    const auto first = orderable(c, scope);
    if (!first)
        return Node(*ties);
    const std::string direction = c.rng.pick({"", "", " DESC", " DESC NULLS LAST", " NULLS FIRST"});
    return sql("{}{}", optional(sql("{}{}, ", first->sql, direction)), *ties);
}

Node collecting_aggregate(Context &c, const Scope &scope, int depth) {
    const auto order = total_order(c, scope);
    const bool leave_unordered = c.rng.chance(12);
    if (!order || leave_unordered) {
        if (order == std::nullopt && !leave_unordered && c.rng.chance(60)) {
            StableOnly stable(c); // DISTINCT sorts, so it is an order of its own
            if (const auto x = pick_column(c, scope, c.rng.pick({Family::text, Family::integer}))) {
                c.shape("agg-distinct");
                return fmt::format("jsonb_agg(DISTINCT {})", x->text());
            }
        }
        StableOnly stable(c);
        c.unordered = true;
        c.shape("agg-unordered");
        if (c.rng.chance(30))
            if (const auto x = pick_column(c, scope, c.rng.pick({Family::text, Family::integer})))
                return fmt::format("array_agg({})", x->text());
        Scope local; // an aggregate over nothing but outer columns would be the outer query's
        local.aliases = scope.aliases;
        return sql("jsonb_agg({})", element(c, local, 0).sql);
    }
    switch (c.rng.below(10)) {
    case 0: {
        StableOnly stable(c);
        if (const auto x = pick_column(c, scope, c.rng.pick({Family::text, Family::integer, Family::date}))) {
            c.shape("agg-distinct");
            return sql("jsonb_agg(DISTINCT {}){}", x->text(), filter(c, scope));
        }
        break;
    }
    case 1:
        if (const auto x = pick_column(c, scope, c.rng.pick({Family::text, Family::integer}))) {
            c.shape("agg-object");
            return sql("jsonb_object_agg(coalesce({}::text, '-'), {} ORDER BY {}){}", x->text(),
                       column_expression(c, scope).sql, *order, filter(c, scope));
        }
        break;
    case 2:
        if (const auto x = pick_column(
                c, scope, c.rng.pick({Family::text, Family::integer, Family::date, Family::numeric}))) {
            c.shape("agg-array");
            return sql("array_agg({} ORDER BY {}){}", x->text(), *order, filter(c, scope));
        }
        break;
    case 3:
        if (const auto x = pick_column(c, scope, Family::text)) {
            c.shape("agg-string");
            return sql("string_agg({}, ', ' ORDER BY {}){}", x->text(), *order, filter(c, scope));
        }
        break;
    case 4:
        return sql("json_agg({} ORDER BY {})::jsonb", element(c, scope, 0).sql, *order);
    default:
        break;
    }
    c.shape("agg-jsonb");
    Node call = sql("jsonb_agg({} ORDER BY {}){}", element(c, scope, depth).sql, *order, filter(c, scope));
    if (c.rng.chance(60))
        return sql("coalesce({}, '[]'::jsonb)", call);
    return call;
}

Node aggregate(Context &c, const Scope &scope, int depth) {
    if (c.rng.chance(45))
        return collecting_aggregate(c, scope, depth);
    Node call = plain_aggregate(c, scope);
    return sql("{}{}", call, filter(c, scope));
}

Node having_condition(Context &c, const Scope &scope) {
    c.shape("having");
    if (c.rng.chance(10)) {
        const RelationPtr relation = c.rng.pick(c.relations);
        c.shape("having-subquery");
        return sql("count(*) <= (SELECT count(*) FROM {})", identifier(relation->name));
    }
    switch (c.rng.below(4)) {
    case 0:
        if (const auto x = pick_column(c, scope, Family::integer))
            return fmt::format("coalesce(sum({}), 0) > {}", x->text(), c.rng.between(0, 4));
        break;
    case 1:
        if (const auto x = pick_column(c, scope, Family::text))
            return fmt::format("max({}) <> 'b'", x->text());
        break;
    case 2:
        return sql("bool_or({})", condition(c, scope, 0));
    default:
        break;
    }
    return fmt::format("count(*) {} {}", c.rng.pick({">", "<", ">=", "<>"}), c.rng.between(1, 3));
}

Node window_call(Context &c, const Scope &scope, bool partitioned) {
    const auto order = total_order(c, scope);
    std::string partition;
    if (partitioned) {
        StableOnly stable(c);
        auto column = pick_column(c, scope, Family::integer);
        if (c.rng.chance(25))
            column = pick_column(c, scope, c.rng.pick({Family::text, Family::boolean}));
        if (column)
            partition = "PARTITION BY " + column->text();
    }
    c.shape(partition.empty() ? "window-unpartitioned" : "window-partitioned");
    const auto number = pick_column(c, scope, Family::integer);
    if (order && c.rng.chance(65)) {
        const std::string value = column_expression(c, scope).sql.text;
        Node over = sql("({}{}ORDER BY {})", partition, partition.empty() ? "" : " ", *order);
        switch (c.rng.below(7)) {
        case 0:
            return sql("lag({}) OVER {}", value, over);
        case 1:
            return sql("lead({}, 2) OVER {}", value, over);
        case 2:
            return sql("first_value({}) OVER {}", value, over);
        case 3:
            return sql("ntile(2) OVER {}", over);
        case 4:
            if (number)
                return sql("sum({}) OVER ({}{}ORDER BY {} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
                           number->text(), partition, partition.empty() ? "" : " ", *order);
            break;
        default:
            break;
        }
        return sql("row_number() OVER {}", over);
    }
    if (number && c.rng.chance(60)) {
        if (c.rng.chance(40))
            return fmt::format("{}() OVER ({}{}ORDER BY {} DESC)", c.rng.pick({"rank", "dense_rank"}),
                               partition, partition.empty() ? "" : " ", number->text());
        return fmt::format("sum({}) OVER ({})", number->text(), partition);
    }
    return fmt::format("count(*) OVER ({})", partition);
}

} // namespace oracle
