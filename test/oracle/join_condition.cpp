// join_condition.cpp - how two relations can be matched: by key, by any other column, by ranges, rows, expressions.
//
// A condition that must match at most one row always contains an equality on a unique column of the joined side;
// everything else serves joins whose multiplicity does not matter (aggregates, sub-selects, DISTINCT).

#include "context.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle {

std::string table_item(const Alias &alias) {
    return identifier(alias.relation->name) + " " + identifier(alias.name);
}

std::string Context::alias_name(const std::string &relation_name) {
    const std::size_t start = relation_name.find('_');
    char letter =
        start != std::string::npos && start + 1 < relation_name.size() ? relation_name[start + 1] : 'q';
    if (letter < 'a' || letter > 'z')
        letter = 'x';
    ++next_alias;
    if (next_alias == 3 && rng.chance(8))
        return "Al\"ias " + std::to_string(next_alias);
    return std::string(1, letter) + std::to_string(next_alias);
}

namespace {

struct Pair {
    int left, right;
};

bool joinable_text(const Column &column) { return is_family(column.type, Family::text); }
bool joinable_integer(const Column &column) { return is_family(column.type, Family::integer); }

std::vector<int> columns_of(const Alias &alias, bool (*accept)(const Column &)) {
    std::vector<int> found;
    for (std::size_t i = 0; i < alias.relation->columns.size(); ++i)
        if (accept(alias.relation->columns[i]))
            found.push_back(static_cast<int>(i));
    return found;
}

std::vector<Pair> domain_pairs(const Alias &left, const Alias &right, bool unique) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < left.relation->columns.size(); ++i)
        for (std::size_t j = 0; j < right.relation->columns.size(); ++j) {
            const Column &b = right.relation->columns[j];
            if (left.relation->columns[i].domain != no_domain &&
                left.relation->columns[i].domain == b.domain && (!unique || b.unique))
                pairs.push_back({static_cast<int>(i), static_cast<int>(j)});
        }
    return pairs;
}

std::optional<Condition> by_text(Context &c, const Alias &left, const Alias &right) {
    const auto a = columns_of(left, joinable_text);
    const auto b = columns_of(right, joinable_text);
    if (a.empty() || b.empty())
        return std::nullopt;
    const std::string x = left.reference(c.rng.pick(a));
    const std::string y = right.reference(c.rng.pick(b));
    switch (c.rng.below(5)) {
    case 0:
        c.shape("join-expression");
        return Condition{fmt::format("lower({}) = {}", x, y), false, true};
    case 1:
        c.shape("join-expression");
        return Condition{fmt::format("upper({}) = lower({}) || ''", x, y), false, true};
    case 2:
        c.shape("join-expression");
        return Condition{fmt::format("left({}, 1) = left({}, 1)", x, y), false, true};
    default:
        c.shape("join-non-key");
        return Condition{fmt::format("{} = {}", y, x), false, true};
    }
}

std::optional<Condition> by_integer(Context &c, const Alias &left, const Alias &right) {
    const auto a = columns_of(left, joinable_integer);
    const auto b = columns_of(right, joinable_integer);
    if (a.empty() || b.empty())
        return std::nullopt;
    const std::string x = left.reference(c.rng.pick(a));
    const std::string y = right.reference(c.rng.pick(b));
    switch (c.rng.below(7)) {
    case 0:
        c.shape("join-expression");
        return Condition{fmt::format("{}::bigint + 1 = {}", x, y), false, true};
    case 1:
        c.shape("join-inequality");
        return Condition{fmt::format("{} < {}", x, y), false, false};
    case 2:
        c.shape("join-range");
        return Condition{fmt::format("{1} BETWEEN {0} AND {0}::bigint + 2", x, y), false, false};
    case 3:
        c.shape("join-not-distinct");
        return Condition{fmt::format("{} IS NOT DISTINCT FROM {}", x, y), false, false};
    case 4:
        c.shape("join-cast");
        return Condition{fmt::format("{}::bigint = {}::bigint", x, y), false, true};
    case 5:
        c.shape("join-cast");
        return Condition{fmt::format("{}::numeric = {}", x, y), false, true};
    default:
        c.shape("join-non-key");
        return Condition{fmt::format("{} = {}", x, y), false, true};
    }
}

// Equality of columns of any one family: dates, flags, numbers of different scale, documents, ranges, ...
std::optional<Condition> by_family(Context &c, const Alias &left, const Alias &right) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < left.relation->columns.size(); ++i)
        for (std::size_t j = 0; j < right.relation->columns.size(); ++j) {
            const Type a = left.relation->columns[i].type;
            const Type b = right.relation->columns[j].type;
            const bool same = a == b || (info(a).family == info(b).family && info(a).family != Family::other);
            if (same && info(a).equality && info(b).equality)
                pairs.push_back({static_cast<int>(i), static_cast<int>(j)});
        }
    if (pairs.empty())
        return std::nullopt;
    const Pair &pair = c.rng.pick(pairs);
    c.shape("join-any-type");
    if (left.column(pair.left).type == Type::ci_text || right.column(pair.right).type == Type::ci_text)
        c.shape("join-nondeterministic");
    return Condition{fmt::format("{} = {}", left.reference(pair.left), right.reference(pair.right)), false,
                     true};
}

std::optional<Condition> by_special(Context &c, const Alias &left, const Alias &right) {
    for (std::size_t i = 0; i < left.relation->columns.size(); ++i) {
        const Column &column = left.relation->columns[i];
        const std::string x = left.reference(static_cast<int>(i));
        const auto numbers = columns_of(right, joinable_integer);
        const auto texts = columns_of(right, joinable_text);
        if (column.type == Type::int4range && !numbers.empty()) {
            c.shape("join-range");
            return Condition{fmt::format("{} @> {}::integer", x, right.reference(c.rng.pick(numbers))), false,
                             false};
        }
        if (column.type == Type::int4_array && !numbers.empty()) {
            c.shape("join-array");
            return Condition{fmt::format("{} = ANY ({})", right.reference(c.rng.pick(numbers)), x), false,
                             false};
        }
        if (column.type == Type::text_array && !texts.empty()) {
            c.shape("join-array");
            return Condition{fmt::format("{} @> ARRAY[{}::text]", x, right.reference(c.rng.pick(texts))),
                             false, false};
        }
    }
    return std::nullopt;
}

std::optional<Condition> by_several(Context &c, const Alias &left, const Alias &right) {
    const auto first = by_integer(c, left, right);
    const auto second = c.rng.chance(50) ? by_text(c, left, right) : by_integer(c, left, right);
    if (!first || !second)
        return std::nullopt;
    switch (c.rng.below(4)) {
    case 0:
        c.shape("join-or");
        return Condition{sql("({} OR {})", first->sql, second->sql), false, false};
    case 1: {
        const auto a = columns_of(left, joinable_integer);
        const auto b = columns_of(right, joinable_integer);
        c.shape("join-row-comparison");
        return Condition{fmt::format("({}, {}) {} ({}, {})", left.reference(c.rng.pick(a)),
                                     left.reference(a.front()), c.rng.pick({"=", "<", ">="}),
                                     right.reference(c.rng.pick(b)), right.reference(b.front())),
                         false, false};
    }
    default:
        c.shape("join-multi-column");
        return Condition{sql("{}{}", first->sql, optional(sql(" AND {}", second->sql))), false,
                         first->hashable && second->hashable};
    }
}

} // namespace

std::optional<Condition> join_condition(Context &c, const Alias &left, const Alias &right, bool unique) {
    const auto pairs = domain_pairs(left, right, unique);
    if (!pairs.empty() && (unique || c.rng.chance(72))) {
        const Pair &pair = c.rng.pick(pairs);
        const Column &a = left.column(pair.left);
        const Column &b = right.column(pair.right);
        const std::string x = left.reference(pair.left);
        const std::string y = right.reference(pair.right);
        Condition found{c.rng.chance(50) ? fmt::format("{} = {}", y, x) : fmt::format("{} = {}", x, y),
                        b.unique, true};
        c.shape(b.domain >= natural_domain                    ? "join-natural-key"
                : a.role == Role::link && b.role == Role::key ? "join-parent"
                                                              : "join-key");
        if (a.type != b.type)
            c.shape("join-int-types");
        if (c.rng.chance(12)) {
            Scope both;
            both.aliases = {left, right};
            found.sql = sql("{}{}", found.sql, optional(sql(" AND {}", condition(c, both, 0))));
            c.shape("join-extra-condition");
        }
        return found;
    }
    if (unique)
        return std::nullopt;
    for (int attempt = 0; attempt < 3; ++attempt) {
        std::optional<Condition> found;
        switch (c.rng.below(5)) {
        case 4:
            found = by_family(c, left, right);
            break;
        case 0:
            found = by_text(c, left, right);
            break;
        case 1:
            found = by_integer(c, left, right);
            break;
        case 2:
            found = by_special(c, left, right);
            break;
        default:
            found = by_several(c, left, right);
            break;
        }
        if (found)
            return found;
    }
    return std::nullopt;
}

std::optional<Linked> linked_relation(Context &c, const Alias &left, bool unique) {
    for (int attempt = 0; attempt < 6; ++attempt) {
        RelationPtr relation = c.rng.pick(c.relations);
        if (relation->origin == Origin::table &&
            c.rng.chance(30)) { // prefer what is newest: views, TVIEWs, CTEs
            const RelationPtr later =
                c.relations[c.relations.size() - 1 -
                            static_cast<std::size_t>(
                                c.rng.below(static_cast<int>(std::min<std::size_t>(3, c.relations.size()))))];
            relation = later;
        }
        Alias alias{c.alias_name(relation->name), relation, false, false};
        if (auto found = join_condition(c, left, alias, unique)) {
            if (relation->origin == Origin::view)
                c.shape("plain-view");
            else if (relation->origin == Origin::tview)
                c.shape("tview-on-tview");
            if (relation->name == left.relation->name)
                c.shape("self-join");
            if (!relation->ordered_data)
                c.unordered = true;
            return Linked{std::move(alias), std::move(*found)};
        }
    }
    return std::nullopt;
}

} // namespace oracle
