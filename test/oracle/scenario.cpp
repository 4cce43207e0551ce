// scenario.cpp - puts a seed's scenario together and flattens it to text. See scenario.hpp.

#include "scenario.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

constexpr const char *grants =
    "GRANT USAGE ON SCHEMA {{side}} TO oracle_writer;\n"
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {{side}} TO oracle_writer";

std::vector<std::string> session_settings(Rng rng) {
    std::vector<std::string> settings;
    if (rng.chance(20))
        settings.emplace_back(std::string("SET default_transaction_isolation = ") +
                              rng.pick({"'repeatable read'", "serializable"}));
    if (rng.chance(15))
        settings.emplace_back("SET plan_cache_mode = force_generic_plan");
    if (rng.chance(10))
        settings.emplace_back(
            std::string("SET ") +
            rng.pick({"enable_hashjoin", "enable_seqscan", "enable_nestloop", "enable_mergejoin"}) +
            " = off");
    // Settings of the extension, which the mirror does not have: small limits make the rare ways common.
    struct Choice {
        int percent;
        const char *setting;
    };
    for (const Choice &choice :
         {Choice{15, "enable_patch = off"}, Choice{60, "patch_elements_min_size = 0"},
          Choice{10, "max_queue_size = 1"}, Choice{6, "max_queue_size = 4"},
          Choice{8, "lock_escalation_threshold = 0"}, Choice{8, "lock_escalation_threshold = 2"},
          Choice{15, "flush_at = statement"}, Choice{8, "graph_cache_size = 1"},
          Choice{8, "table_cache_size = 1"}, Choice{8, "prepared_stmt_cache_size = 1"},
          Choice{10, "stmt_trigger_threshold = 0"}})
        if (rng.chance(choice.percent))
            settings.emplace_back(std::string("SET pg_tviews.") + choice.setting);
    return settings;
}

} // namespace

std::string key_not_null(const std::vector<std::string> &keys, const std::string &alias) {
    std::string out;
    for (const auto &key : keys)
        out += fmt::format("{}{}.{} IS NOT NULL", out.empty() ? "" : " AND ", alias, identifier(key));
    return out;
}

std::string on_side(std::string text, const std::string &side) {
    static const std::string mark = "{{side}}";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + side.size()))
        text.replace(at, mark.size(), side);
    return text;
}

std::string create_statement(const Definition &definition, const std::string &select) {
    const std::string name = identifier(definition.table_name);
    std::string keys;
    for (const auto &key : definition.keys)
        keys += (keys.empty() ? "" : ", ") + quote(key);
    if (!definition.options.empty())
        return fmt::format(
            "SELECT pg_tviews_create({}, $sql${}\n$sql${}, options => {})", quote(name), select,
            definition.explicit_keys ? fmt::format(", false, key_columns => ARRAY[{}]", keys) : "",
            quote(definition.options));
    switch (definition.style) {
    case CreateStyle::select_into:
        return fmt::format("SELECT * INTO {} FROM ({}\n) q", name, select);
    case CreateStyle::create_function:
        return fmt::format("SELECT pg_tviews_create({}, $sql${}\n$sql$)", quote(name), select);
    case CreateStyle::create_function_keys:
        return fmt::format("SELECT pg_tviews_create({}, $sql${}\n$sql$, false, key_columns => ARRAY[{}])",
                           quote(name), select, keys);
    case CreateStyle::ddl_function:
        return fmt::format("SELECT pg_tviews_ddl($sql$CREATE TVIEW {} AS {}\n$sql$)", name, select);
    case CreateStyle::do_block:
        return fmt::format("DO $do$ BEGIN CREATE TABLE {} AS {}\n; END $do$", name, select);
    default:
        return fmt::format("CREATE TABLE {} AS {}", name, select);
    }
}

Scenario make_scenario(std::uint64_t seed, const ScenarioOptions &options) {
    Scenario scenario;
    scenario.seed = seed;
    const Rng root(seed);
    scenario.settings = session_settings(root.fork("settings"));
    scenario.schema = make_schema(root, {options.server_version});
    Rng choices = root.fork("choices");
    scenario.create_in_transaction = choices.chance(15);
    const int count = options.definitions.wanted_shapes.empty() ? choices.weighted({0, 35, 35, 20, 10})
                                                                : choices.between(1, 2);
    scenario.definitions = make_definitions(root, scenario.schema, count, options.definitions);
    if (choices.chance(20)) // some tables are filled after the TVIEWs exist
        for (auto &item : scenario.schema.items)
            if (item.kind == "data")
                item.after_tviews = true;
    scenario.schema.items.push_back({"grants", optional(Node(std::string_view(grants))), false});
    Writer writer(root.fork("writes"), scenario.schema, scenario.definitions, options.writes);
    scenario.steps = writer.sequence();
    if (Rng(root.fork("capture")).chance(30)) {
        Step install;
        install.op = Op::engine;
        install.kind = "pg_tviews_install_stmt_triggers";
        install.sql = "SELECT pg_tviews_install_stmt_triggers()";
        install.compare = false;
        scenario.steps.insert(scenario.steps.begin(), std::move(install));
    }

    std::map<std::string, int> tags;
    for (auto &item : scenario.schema.items)
        number_groups(item.sql, scenario.groups, tags);
    for (std::size_t i = 0; i < scenario.definitions.size(); ++i) {
        std::map<std::string, int> own_tags; // output columns are this definition's own
        scenario.definitions[i].select = optional(std::move(scenario.definitions[i].select));
        number_groups(scenario.definitions[i].select, scenario.groups, own_tags);
    }
    for (auto &step : scenario.steps) {
        step.sql = optional(std::move(step.sql));
        number_groups(step.sql, scenario.groups, tags);
        if (step.copy)
            number_groups(*step.copy, scenario.groups, tags);
    }
    return scenario;
}

FlatScenario flatten(const Scenario &scenario, const Dropped &dropped) {
    FlatScenario flat;
    flat.seed = scenario.seed;
    flat.settings = scenario.settings;
    flat.create_in_transaction = scenario.create_in_transaction;
    for (const Table &table : scenario.schema.tables)
        flat.tables.push_back(table.name);
    bool deferrable = false;
    for (const Table &table : scenario.schema.tables)
        deferrable = deferrable || table.deferrable_key;
    for (const auto &item : scenario.schema.items)
        if (std::string text = render(item.sql, dropped); !text.empty())
            flat.setup.push_back({item.kind, std::move(text), item.after_tviews});
    for (const auto &definition : scenario.definitions) {
        FlatTview tview;
        tview.table_name = definition.table_name;
        tview.view_name = definition.view_name;
        tview.keys = definition.keys;
        tview.select = render(definition.select, dropped);
        tview.present = !tview.select.empty();
        tview.create = create_statement(definition, tview.select);
        tview.uses = definition.uses;
        tview.shapes = definition.shapes;
        tview.may_duplicate = definition.may_duplicate;
        tview.may_raise = definition.may_raise;
        tview.unordered = definition.unordered;
        tview.must_refuse = definition.must_refuse;
        flat.tviews.push_back(std::move(tview));
    }
    for (const auto &step : scenario.steps) {
        FlatStep made;
        made.op = step.op;
        made.kind = step.kind;
        made.sql = render(step.sql, dropped);
        if (made.sql.empty() && step.op != Op::reconnect)
            continue;
        if (step.op == Op::reconnect && !dropped.empty() && dropped[static_cast<std::size_t>(step.sql.group)])
            continue;
        if (step.copy) {
            made.copy = render(*step.copy, dropped);
            made.has_copy = true;
        }
        made.tviews = step.tviews;
        made.commits_inside = step.commits_inside;
        made.compare = step.compare;
        made.compare_reader = step.compare_reader;
        made.comparable = step.comparable;
        if (deferrable && made.sql == "SET CONSTRAINTS ALL DEFERRED")
            flat.deferred_keys = true;
        flat.steps.push_back(std::move(made));
    }
    return flat;
}

} // namespace oracle
