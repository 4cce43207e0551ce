// expression.cpp - random scalar expressions and documents over the columns in scope.
//
// An expression never raises an error for the values the oracle writes (casts widen, divisors are constants), except
// where Context::may_raise says so. Types are tracked as far as the callers need them: jsonb_build_object takes all.

#include "context.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

bool usable(const Context &c, const Column &column) {
    return c.stable_only == 0 || info(column.type).image_stable;
}

std::vector<ColumnRef> visible(const Context &c, const Scope &scope, int levels) {
    std::vector<ColumnRef> found;
    for (const Scope *level = &scope; level != nullptr && levels > 0; level = level->outer, --levels)
        for (const Alias &alias : level->aliases)
            for (std::size_t i = 0; i < alias.relation->columns.size(); ++i)
                if (usable(c, alias.relation->columns[i]))
                    found.push_back({&alias, static_cast<int>(i)});
    return found;
}

Node integer_expression(Context &c, const std::string &x) {
    switch (c.rng.below(9)) {
    case 0:
        return fmt::format("coalesce({}, 7)", x);
    case 1:
        return fmt::format("{}::bigint * 2", x);
    case 2:
        return fmt::format("-({}::bigint)", x);
    case 3:
        return fmt::format("{} % 3", x);
    case 4:
        return fmt::format("CASE WHEN {} > 2 THEN 'big' WHEN {} IS NULL THEN 'none' ELSE 'small' END", x, x);
    case 5:
        return fmt::format("{}::text", x);
    case 6:
        return fmt::format("greatest({}, 2)", x);
    case 7:
        return fmt::format("nullif({}, 3)", x);
    default:
        c.shape("user-function");
        return fmt::format("f_twice({})", x);
    }
}

Node text_expression(Context &c, const std::string &x) {
    switch (c.rng.below(10)) {
    case 0:
        return fmt::format("lower({})", x);
    case 1:
        return fmt::format("upper({}) || '!'", x);
    case 2:
        return fmt::format("length({})", x);
    case 3:
        return fmt::format("coalesce({}, 'it''s none')", x);
    case 4:
        return fmt::format("left({}, 2)", x);
    case 5:
        return fmt::format("format('%s/%s', {}, 'x')", x);
    case 6:
        return fmt::format("concat_ws('-', {}, 'z', NULL)", x);
    case 7:
        return fmt::format("CASE {} WHEN 'a' THEN 'first' WHEN 'b' THEN NULL ELSE 'other' END", x);
    case 8:
        return fmt::format("md5({})", x);
    default:
        c.shape("user-function");
        return fmt::format("f_label({})", x);
    }
}

Node jsonb_expression(Context &c, const std::string &x) {
    switch (c.rng.below(10)) {
    case 8:
        return fmt::format("jsonb_path_query_array({}, '$.a')", x);
    case 9:
        return fmt::format("jsonb_path_exists({}, '$.k.n[*] ? (@ == 1)')", x);
    case 0:
        return fmt::format("{} -> 'a'", x);
    case 1:
        return fmt::format("{} ->> 'k'", x);
    case 2:
        return fmt::format("{} #> ARRAY['k', 'n']", x);
    case 3:
        return fmt::format("jsonb_typeof({})", x);
    case 4:
        return fmt::format("{} @> jsonb_build_object('a', 1)", x);
    case 5:
        return fmt::format("{} ? 'a'", x);
    case 6:
        return fmt::format("coalesce({}, jsonb_build_object())", x);
    default:
        return fmt::format("jsonb_build_array({}, 1)", x);
    }
}

Node by_family(Context &c, const Column &column, const std::string &x) {
    switch (info(column.type).family) {
    case Family::integer:
        return integer_expression(c, x);
    case Family::numeric:
        return c.rng.pick({fmt::format("coalesce({}, 0)", x), fmt::format("round({}, 1)", x),
                           fmt::format("{} + 1.5", x), fmt::format("{}::text", x)});
    case Family::text:
        return text_expression(c, x);
    case Family::date:
        return c.rng.pick({fmt::format("{} + 1", x), fmt::format("extract(year FROM {})", x),
                           fmt::format("coalesce({}, '2020-01-01')", x),
                           fmt::format("{} > '2024-01-01'", x)});
    case Family::timestamp:
        return c.rng.pick({fmt::format("{} AT TIME ZONE 'UTC'", x), fmt::format("extract(epoch FROM {})", x),
                           fmt::format("{} IS NULL", x)});
    case Family::boolean:
        return c.rng.pick({fmt::format("NOT {}", x), fmt::format("coalesce({}, false)", x),
                           fmt::format("{} IS TRUE", x), fmt::format("CASE WHEN {} THEN 1 ELSE 0 END", x)});
    case Family::uuid:
        return c.rng.pick({fmt::format("{}::text", x), fmt::format("right({}::text, 4)", x)});
    case Family::enumeration:
        return c.rng.pick({fmt::format("{}::text", x), fmt::format("{} > 'sad'", x),
                           fmt::format("coalesce({}::text, 'none')", x)});
    case Family::int_array:
        return c.rng.pick({fmt::format("cardinality({})", x), fmt::format("{}[1]", x),
                           fmt::format("to_jsonb({})", x), fmt::format("{} || 9", x)});
    case Family::text_array:
        return c.rng.pick({fmt::format("cardinality({})", x), fmt::format("{}[1]", x),
                           fmt::format("array_to_string({}, ',')", x), fmt::format("{} && ARRAY['a']", x)});
    case Family::jsonb:
        return jsonb_expression(c, x);
    case Family::range:
        return c.rng.pick({fmt::format("lower({})", x), fmt::format("upper({})", x),
                           fmt::format("isempty({})", x), fmt::format("{} @> 2", x)});
    case Family::other:
        if (column.type == Type::pair)
            return fmt::format("({}).y", x);
        break;
    }
    return x;
}

Expression two_columns(Context &c, const Scope &scope) {
    const auto a = pick_column(c, scope, Family::text, 2);
    const auto b = pick_column(c, scope, Family::text, 2);
    if (a && b)
        return {fmt::format("{} || ' ' || {}", a->text(), b->text()), Type::text};
    const auto x = pick_column(c, scope, Family::integer, 2);
    const auto y = pick_column(c, scope, Family::integer, 2);
    if (x && y)
        return {fmt::format("{}::bigint - {}", x->text(), y->text()), Type::int8};
    return column_expression(c, scope);
}

} // namespace

std::vector<ColumnRef> columns_where(const Scope &scope, bool (*accept)(const Column &), int levels) {
    std::vector<ColumnRef> found;
    for (const Scope *level = &scope; level != nullptr && levels > 0; level = level->outer, --levels)
        for (const Alias &alias : level->aliases)
            for (std::size_t i = 0; i < alias.relation->columns.size(); ++i)
                if (accept(alias.relation->columns[i]))
                    found.push_back({&alias, static_cast<int>(i)});
    return found;
}

std::optional<ColumnRef> pick_column(Context &c, const Scope &scope, Family family, int levels) {
    std::vector<ColumnRef> found;
    for (const ColumnRef &column : visible(c, scope, levels))
        if (is_family(column.info().type, family))
            found.push_back(column);
    if (found.empty())
        return std::nullopt;
    return c.rng.pick(found);
}

Expression column_expression(Context &c, const Scope &scope) {
    auto found = visible(c, scope, scope.outer != nullptr && c.rng.chance(15) ? 3 : 1);
    if (found.empty())
        found = visible(c, scope, 9);
    if (found.empty())
        return {"'nothing'::text", Type::text};
    const ColumnRef &column = c.rng.pick(found);
    return {column.text(), column.info().type};
}

Expression whole_row(Context &c, const Scope &scope) {
    const Alias &alias = c.rng.pick(scope.aliases);
    c.shape("whole-row");
    const std::string name = identifier(alias.name);
    if (c.rng.chance(15))
        return {fmt::format("row_to_json({})::jsonb", name), Type::jsonb};
    if (c.rng.chance(25))
        return {fmt::format("to_jsonb({}) - 'id'", name), Type::jsonb};
    return {fmt::format("to_jsonb({})", name), Type::jsonb};
}

Expression scalar(Context &c, const Scope &scope, int depth) {
    const int draw = c.rng.below(100);
    if (depth > 0 && draw < 22) {
        if (auto found =
                draw < 10 ? scalar_subquery(c, scope, depth - 1) : collecting_subquery(c, scope, depth - 1))
            return {std::move(*found), Type::jsonb};
    } else if (depth > 0 && draw < 27) {
        if (auto found = boolean_subquery(c, scope, depth - 1))
            return {std::move(*found), Type::boolean};
    } else if (draw < 32 && c.stable_only == 0 && !scope.aliases.empty()) {
        return whole_row(c, scope);
    } else if (draw < 38) {
        return two_columns(c, scope);
    } else if (depth > 0 && draw < 43) {
        return {document(c, scope, depth - 1), Type::jsonb};
    } else if (draw < 47) {
        c.shape("case");
        return {sql("CASE WHEN {} THEN {} ELSE {} END", condition(c, scope, 0), "'yes'",
                    c.rng.pick({"'no'", "NULL"})),
                Type::text};
    } else if (draw < 51 && !scope.aliases.empty()) { // an object of what an outer join may not have found
        const Alias &alias = c.rng.pick(scope.aliases);
        if (alias.relation->key >= 0 && depth > 0) {
            Scope one;
            one.aliases = {alias};
            c.shape("nested-object");
            return {sql("CASE WHEN {} IS NOT NULL THEN {} END", alias.reference(alias.relation->key),
                        document(c, one, depth - 1)),
                    Type::jsonb};
        }
    } else if (draw < 52 && c.rng.chance(10)) {
        if (const auto divisor = pick_column(c, scope, Family::integer)) {
            c.may_raise = true;
            c.shape("may-raise");
            return {fmt::format("100 / {}", divisor->text()), Type::int8};
        }
    }
    const auto found = visible(c, scope, scope.outer != nullptr && c.rng.chance(15) ? 3 : 1);
    if (found.empty() || c.rng.chance(45))
        return column_expression(c, scope);
    const ColumnRef &column = c.rng.pick(found);
    if (is_family(column.info().type, Family::jsonb) || is_family(column.info().type, Family::numeric))
        c.shape("image-sensitive");
    return {by_family(c, column.info(), column.text()), Type::text};
}

Node document(Context &c, const Scope &scope, int depth) {
    static const std::vector<std::string> names{"name", "value", "author",  "items", "meta",
                                                "n",    "it''s", "Ünï key", "last"};
    const int first = c.rng.below(3);
    const int count = c.rng.between(1, depth > 0 ? 5 : 3);
    std::vector<Node> entries;
    for (int i = 0; i < count; ++i) {
        const std::string &key =
            names[static_cast<std::size_t>((first + i) % static_cast<int>(names.size()))];
        entries.push_back(sql("{}, {}", "'" + key + "'", scalar(c, scope, depth).sql));
    }
    switch (c.rng.below(14)) {
    case 0:
        c.shape("json-build-array");
        for (auto &entry : entries) {
            Node value = entry.parts.back(); // without its name
            entry = std::move(value);
        }
        return sql("jsonb_build_array({})", list("", ", ", "", std::move(entries)));
    case 1:
        c.shape("json-cast");
        return sql("json_build_object({})::jsonb", list("", ", ", "", std::move(entries)));
    case 2:
        if (c.stable_only == 0 && !scope.aliases.empty()) {
            Expression row = whole_row(c, scope);
            return sql("coalesce({}, jsonb_build_object()) || jsonb_build_object({})", row.sql,
                       list("", ", ", "", std::move(entries)));
        }
        break;
    case 3:
        return sql("jsonb_strip_nulls(jsonb_build_object({}))", list("", ", ", "", std::move(entries)));
    default:
        break;
    }
    return sql("jsonb_build_object({})", list("", ", ", "", std::move(entries)));
}

std::optional<Expression> orderable(Context &c, const Scope &scope) {
    std::vector<ColumnRef> found;
    for (const ColumnRef &column : visible(c, scope, 1))
        if (info(column.info().type).order)
            found.push_back(column);
    if (found.empty())
        return std::nullopt;
    const ColumnRef &column = c.rng.pick(found);
    if (is_family(column.info().type, Family::text) && c.rng.chance(20))
        return Expression{fmt::format("lower({})", column.text()), Type::text};
    return Expression{column.text(), column.info().type};
}

} // namespace oracle
