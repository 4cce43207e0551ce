// definition.cpp - names, wraps and checks the SELECTs that spine.cpp makes, as TVIEW definitions.
//
// A later definition sees the earlier ones as relations, so TVIEWs on TVIEWs come about by themselves; their depth is
// bounded by the number of definitions.

#include "definition.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace oracle {

namespace {

Node select_of(const Spine &spine) {
    std::vector<Node> items;
    for (std::size_t i = 0; i < spine.outputs.size(); ++i) {
        const Output &output = spine.outputs[i];
        const bool plain =
            output.sql.parts.empty() && output.sql.text.ends_with("." + identifier(output.name));
        Node item = plain ? output.sql : sql("{} AS {}", output.sql, identifier(output.name));
        const bool needed = static_cast<int>(i) < spine.keys || output.name == "id" || output.name == "data";
        items.push_back(needed ? std::move(item) : optional(std::move(item), "", "output:" + output.name));
    }
    Node list_of_items = list("", ", ", "", std::move(items), 1000);
    Node result = sql("{}SELECT {}{}{}", spine.before, spine.distinct, list_of_items, spine.tail);
    for (const auto &[operation, tail] : spine.branches)
        result = sql("{} {} SELECT {}{}", result, operation, list_of_items, tail);
    return result;
}

std::shared_ptr<Relation> relation_of(const Spine &spine, const std::string &name, int number, bool ordered) {
    auto relation = std::make_shared<Relation>();
    relation->name = name;
    relation->origin = Origin::tview;
    relation->tview = number;
    relation->ordered_data = ordered;
    for (std::size_t i = 0; i < spine.outputs.size(); ++i) {
        Column column = spine.outputs[i].column;
        column.name = spine.outputs[i].name;
        if (static_cast<int>(i) < spine.keys) {
            relation->unique_key.push_back(static_cast<int>(i));
            column.unique = spine.keys == 1;
            if (spine.keys == 1 && is_family(column.type, Family::integer))
                relation->key = 0;
        }
        if (column.name == "id")
            relation->id = static_cast<int>(i);
        relation->columns.push_back(std::move(column));
    }
    return relation;
}

// The whole SELECT inside another: a FROM subquery or a CTE.
Node wrap(Context &c, Node select) {
    c.shape("nested-select");
    switch (c.rng.below(3)) {
    case 0:
        return sql("SELECT w.* FROM ({}) w", select);
    case 1:
        return sql("WITH whole AS ({}) SELECT * FROM whole", select);
    default:
        return sql("SELECT w.* FROM ({}) w WHERE w.id IS NOT NULL", select);
    }
}

CreateStyle choose_style(Context &c, const Spine &spine) {
    if (spine.explicit_keys)
        return CreateStyle::create_function_keys;
    switch (c.rng.weighted({60, 6, 18, 8, 8})) {
    case 0:
        return CreateStyle::create_table_as;
    case 1:
        return spine.branches.empty() ? CreateStyle::select_into : CreateStyle::create_table_as;
    case 2:
        return CreateStyle::create_function;
    case 3:
        return CreateStyle::ddl_function;
    default:
        return CreateStyle::do_block;
    }
}

// How the TVIEW's own table is partitioned, as options; empty: not, as most are.
std::string choose_partitions(Rng rng, const Spine &spine) {
    if (!rng.chance(20))
        return "";
    const Type first = spine.outputs.front().column.type;
    const bool number = first == Type::int2 || first == Type::int4 || first == Type::int8;
    if (number && rng.chance(50))
        return fmt::format(R"({{"partition_by": "range", "bounds": {}}})",
                           rng.pick({"[2]", "[1, 3, 7]", "[100]"}));
    for (int k = 0; k < spine.keys; ++k)
        if (spine.outputs[static_cast<std::size_t>(k)].column.type == Type::bit4)
            return ""; // cannot be hashed
    return fmt::format(R"({{"partition_by": "hash", "partitions": {}}})", rng.between(1, 4));
}

bool wanted(const Context &c, const DefinitionOptions &options) {
    return options.wanted_shapes.empty() ||
           std::any_of(options.wanted_shapes.begin(), options.wanted_shapes.end(),
                       [&](const std::string &shape) { return c.shapes.contains(shape); });
}

} // namespace

std::vector<Definition> make_definitions(const Rng &seed, const Schema &schema, int number,
                                         const DefinitionOptions &options) {
    std::vector<Definition> made;
    std::vector<RelationPtr> relations = schema.relations;
    for (int i = 0; i < number; ++i) {
        for (int attempt = 0; attempt < 60; ++attempt) {
            Context c(seed.fork("definition", static_cast<std::uint64_t>(i * 1000 + attempt)), schema);
            c.relations = relations;
            for (std::size_t k = schema.relations.size(); k < relations.size(); ++k)
                c.relations.push_back(relations[k]); // TVIEWs count twice
            c.budget = std::max(2, c.rng.between(3, 10) - 2 * i);
            const Table &named = c.rng.pick(schema.tables);
            std::string entity = named.entity;
            if (c.rng.chance(20) || std::any_of(made.begin(), made.end(),
                                                [&](const Definition &d) { return d.entity == entity; }))
                entity += "_" + std::to_string(i + 1);
            const auto spine = make_spine(c, entity);
            if (!spine)
                continue;
            Definition definition;
            definition.options = choose_partitions(c.rng.fork("partitions"), *spine);
            if (!definition.options.empty())
                c.shape("partitioned-tview");
            if (!wanted(c, options))
                continue;
            definition.entity = entity;
            definition.table_name = "tv_" + entity;
            definition.view_name = "v_" + entity;
            definition.select = select_of(*spine);
            const bool has_id = std::any_of(spine->outputs.begin(), spine->outputs.end(),
                                            [](const Output &o) { return o.name == "id"; });
            if (has_id && c.rng.chance(8))
                definition.select = wrap(c, std::move(definition.select));
            if (c.rng.chance(6))
                definition.select = sql("{} -- it's a ; \"comment\" /* of sorts\n", definition.select);
            for (int k = 0; k < spine->keys; ++k)
                definition.keys.push_back(spine->outputs[static_cast<std::size_t>(k)].name);
            definition.explicit_keys = spine->explicit_keys;
            definition.style = choose_style(c, *spine);
            if (definition.style == CreateStyle::select_into &&
                (c.shapes.contains("nested-select") || c.shapes.contains("cte")))
                definition.style = CreateStyle::create_table_as;
            definition.relation = relation_of(*spine, definition.table_name, i, !c.unordered);
            definition.may_duplicate = c.may_duplicate;
            definition.may_raise = c.may_raise;
            definition.unordered = c.unordered;
            definition.must_refuse = c.must_refuse;
            const std::string text = render(definition.select);
            for (std::size_t k = 0; k < made.size(); ++k)
                if (text.find(identifier(made[k].table_name)) != std::string::npos) {
                    definition.uses.push_back(static_cast<int>(k));
                    c.shape("tview-on-tview");
                    definition.may_duplicate |= made[k].may_duplicate;
                    definition.may_raise |= made[k].may_raise;
                    definition.unordered |= made[k].unordered;
                }
            definition.shapes = c.shapes;
            relations.push_back(definition.relation);
            made.push_back(std::move(definition));
            break;
        }
    }
    return made;
}

} // namespace oracle
