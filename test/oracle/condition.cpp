// condition.cpp - random boolean expressions for WHERE, ON, FILTER and CASE.
//
// Conditions compare columns with the small domains of types.cpp, so that each is true for some rows and not for
// others, and NULL for many.

#include "context.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

bool any_column(const Column &) { return true; }
bool soft_delete(const Column &column) { return column.role == Role::soft_delete; }

Node on_integer(Context &c, const Scope &scope, const ColumnRef &column) {
    const std::string x = column.text();
    switch (c.rng.below(8)) {
    case 0:
        return fmt::format("{} > {}", x, c.rng.between(0, 4));
    case 1:
        return fmt::format("{} <= {}", x, c.rng.between(0, 6));
    case 2:
        return fmt::format("{} BETWEEN 1 AND {}", x, c.rng.between(2, 6));
    case 3:
        return fmt::format("{} IN (1, 2, {})", x, c.rng.between(3, 9));
    case 4:
        return fmt::format("{} <> {}", x, c.rng.between(0, 3));
    case 5:
        return fmt::format("{} NOT IN (1, 5)", x);
    case 6:
        if (const auto other = pick_column(c, scope, Family::integer, 2)) {
            c.shape("compare-columns");
            return fmt::format("{} {} {}", x, c.rng.pick({"<=", "<>", "IS DISTINCT FROM"}), other->text());
        }
        break;
    default:
        if (const auto other = pick_column(c, scope, Family::text)) {
            c.shape("row-comparison");
            return fmt::format("({}, {}) {} ({}, 'b')", x, other->text(), c.rng.pick({"<", "=", ">=", "<>"}),
                               c.rng.between(0, 4));
        }
    }
    return fmt::format("{} = {}", x, c.rng.between(0, 5));
}

Node on_text(Context &c, const std::string &x, Type type) {
    switch (c.rng.below(type == Type::ci_text ? 5 : 7)) { // no patterns under a nondeterministic collation
    case 0:
        return fmt::format("{} = 'a'", x);
    case 1:
        return fmt::format("{} <> 'b'", x);
    case 2:
        return fmt::format("{} IN ('a', 'b', 'c1', 'c3')", x);
    case 3:
        return fmt::format("lower({}) = 'a'", x);
    case 4:
        return fmt::format("length({}) > 0", x);
    case 5:
        return fmt::format("{} LIKE 'a%'", x);
    default:
        return fmt::format("{} ~ '^[a-c]'", x);
    }
}

Node on_column(Context &c, const Scope &scope, const ColumnRef &column) {
    const std::string x = column.text();
    switch (info(column.info().type).family) {
    case Family::integer:
        return on_integer(c, scope, column);
    case Family::numeric:
        return fmt::format("{} {} {}", x, c.rng.pick({">", "<=", "="}), c.rng.pick({"1", "2.5", "0"}));
    case Family::text:
        return on_text(c, x, column.info().type);
    case Family::date:
        return fmt::format("{} {} '2024-01-02'", x, c.rng.pick({">=", "<", "="}));
    case Family::timestamp:
        return c.rng.pick({fmt::format("{} IS NULL", x), fmt::format("{} > '2024-01-01 06:00:00+00'", x)});
    case Family::boolean:
        return c.rng.pick({x, "NOT " + x, x + " IS NOT TRUE", "coalesce(" + x + ", true)"});
    case Family::enumeration:
        return c.rng.pick({x + " = 'ok'", x + " > 'sad'", x + " IN ('sad', 'happy')"});
    case Family::int_array:
        return c.rng.pick(
            {"2 = ANY (" + x + ")", x + " @> ARRAY[1]", "cardinality(" + x + ") > 1", x + "[1] = 1"});
    case Family::text_array:
        return c.rng.pick({"'a' = ANY (" + x + ")", x + " && ARRAY['b', 'c1']"});
    case Family::jsonb:
        return c.rng.pick(
            {x + " ? 'a'", x + " @> jsonb_build_object('a', 1)", x + " ->> 'a' = '1'", x + " <> 'null'"});
    case Family::range:
        return c.rng.pick({x + " @> 2", "isempty(" + x + ")", x + " && int4range(0, 2)"});
    default:
        return x + " IS NOT NULL";
    }
}

} // namespace

Node condition(Context &c, const Scope &scope, int depth) {
    const int draw = c.rng.below(100);
    if (depth > 0 && draw < 22) {
        if (auto found = boolean_subquery(c, scope, depth - 1))
            return std::move(*found);
    }
    if (draw >= 22 && draw < 30) {
        const auto deleted = columns_where(scope, soft_delete);
        if (!deleted.empty()) {
            c.shape("soft-delete");
            return fmt::format("{} IS NULL", c.rng.pick(deleted).text());
        }
    }
    if (depth > 0 && draw >= 30 && draw < 40) {
        Node left = condition(c, scope, depth - 1);
        Node right = condition(c, scope, 0);
        if (draw < 34)
            return sql("({} OR {})", optional(std::move(left), "false"), optional(std::move(right), "false"));
        if (draw < 37)
            return sql("({} AND {})", optional(std::move(left), "true"), optional(std::move(right), "true"));
        return sql("NOT ({})", left);
    }
    if (draw >= 40 && draw < 46) {
        auto columns = columns_where(scope, any_column, scope.outer != nullptr ? 2 : 1);
        if (!columns.empty())
            return fmt::format("{} IS {}NULL", c.rng.pick(columns).text(), c.rng.chance(70) ? "NOT " : "");
    }
    std::vector<ColumnRef> columns;
    for (const ColumnRef &column : columns_where(scope, any_column))
        if (column.info().type != Type::json && (c.stable_only == 0 || info(column.info().type).image_stable))
            columns.push_back(column);
    if (columns.empty())
        return "true";
    return on_column(c, scope, c.rng.pick(columns));
}

std::vector<Node> conditions(Context &c, const Scope &scope, int depth, int at_most) {
    std::vector<Node> found;
    for (int i = c.rng.below(at_most + 1); i > 0; --i) {
        found.push_back(condition(c, scope, depth));
        c.shape("where");
    }
    return found;
}

Node where_clause(std::vector<Node> conjuncts) { return list(" WHERE ", " AND ", "", std::move(conjuncts)); }

} // namespace oracle
