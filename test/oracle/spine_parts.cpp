// spine_parts.cpp - roots, usual outputs and tails of definitions. See spine.hpp.

#include "spine.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle::spines {

bool roots_a_definition(const Relation &relation) {
    return relation.key >= 0 && relation.unique_key == std::vector<int>{relation.key};
}

std::optional<RelationPtr> choose_root(Context &c, bool tables_only) {
    std::vector<RelationPtr> found;
    for (const RelationPtr &relation : c.relations)
        if (roots_a_definition(*relation) && (!tables_only || relation->primary_key))
            found.push_back(relation);
    if (found.empty())
        return std::nullopt;
    const RelationPtr chosen = c.rng.pick(found);
    c.shape(chosen->origin == Origin::tview  ? "root-tview"
            : chosen->origin == Origin::view ? "root-view"
            : chosen->origin == Origin::cte  ? "root-cte"
                                             : "root-table");
    if (!chosen->ordered_data)
        c.unordered = true;
    return chosen;
}

Body start(Context &c, const RelationPtr &root) {
    Body body;
    body.scope.aliases.push_back({c.alias_name(root->name), root, false, false});
    body.from.emplace_back(table_item(body.scope.aliases[0]));
    return body;
}

Output key_output(const Alias &alias, int column, const std::string &name) {
    Output output{name, Node(alias.reference(column)), alias.column(column)};
    output.column.unique = true;
    output.column.role = Role::key;
    return output;
}

Output uuid_of(const Node &source) {
    Column column;
    column.type = Type::uuid;
    column.role = Role::id;
    return {"id", sql("md5({}::text)::uuid", source), column};
}

Output id_output(const Alias &alias) {
    if (alias.relation->id < 0)
        return uuid_of(Node(alias.reference(alias.relation->key)));
    return {"id", Node(alias.reference(alias.relation->id)), alias.column(alias.relation->id)};
}

Output data_output(Node document) {
    Column column;
    column.type = Type::jsonb;
    return {"data", std::move(document), column};
}

std::string key_name(Context &c, const Alias &root, const std::string &entity) {
    const std::string &own = root.column(root.relation->key).name;
    return c.rng.chance(12) && own.starts_with("pk_") ? own
                                                      : "pk_" + entity; // the only pk_ column counts as well
}

void add_extras(Context &c, const Scope &scope, std::vector<Output> &outputs) {
    const Alias &root = scope.aliases.front();
    auto taken = [&](const std::string &name) {
        return std::any_of(outputs.begin(), outputs.end(), [&](const Output &o) { return o.name == name; });
    };
    for (std::size_t i = 0; i < root.relation->columns.size(); ++i) {
        const Column &column = root.relation->columns[i];
        if (column.role == Role::link && column.name.starts_with("fk_") && c.rng.chance(60) &&
            !taken(column.name)) {
            outputs.push_back({column.name, Node(root.reference(static_cast<int>(i))), column});
            outputs.back().column.unique = false;
        }
    }
    if (c.rng.chance(25))
        if (const auto name = pick_column(c, scope, Family::text); name && !taken("identifier")) {
            Column column = name->info();
            column.unique = false;
            column.domain = no_domain;
            column.role = Role::payload;
            outputs.push_back({"identifier", Node(name->text()), column});
        }
    if (c.rng.chance(25)) {
        const Expression any = column_expression(c, scope);
        Column column;
        column.type = any.type;
        if (any.sql.text.find('.') != std::string::npos && any.type != Type::json)
            outputs.push_back({"extra", any.sql, column});
    }
}

void add_unique_joins(Context &c, Body &body, int at_most) {
    for (int i = c.rng.below(at_most + 1); i > 0; --i)
        add_join(c, body.scope, body.from, true, 1);
}

Node tail_of(const Body &body, Node after) {
    return sql(" FROM {}{}{}", from_clause(body.from), where_clause(body.where), after);
}

} // namespace oracle::spines
