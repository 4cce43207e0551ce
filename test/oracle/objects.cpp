// objects.cpp - what surrounds the tables: user types and functions, views, rules and triggers.
//
// Triggers write in ways that do not depend on the order of rows within a statement (increments, fixed values), so
// that a schema with TVIEWs and its mirror without them stay comparable. Recursion is bounded by pg_trigger_depth().

#include "schema.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

// The column of the table with this type and role payload, or -1.
int payload_of_type(const Table &table, Type type) {
    for (const int c : table.payload())
        if (table.columns[static_cast<std::size_t>(c)].type == type)
            return c;
    return -1;
}

std::string column_name(const Table &table, int c) {
    return identifier(table.columns[static_cast<std::size_t>(c)].name);
}

// A relation for a view that shows `columns` of `table` under `names`.
std::shared_ptr<Relation> view_relation(const Table &table, const std::string &name,
                                        const std::vector<int> &columns,
                                        const std::vector<std::string> &names) {
    auto relation = std::make_shared<Relation>();
    relation->name = name;
    relation->origin = Origin::view;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        relation->columns.push_back(table.columns[static_cast<std::size_t>(columns[i])]);
        relation->columns.back().name = names[i];
        if (columns[i] == table.key)
            relation->key = static_cast<int>(i);
        if (columns[i] == table.id)
            relation->id = static_cast<int>(i);
        for (const int unique : table.unique_key)
            if (columns[i] == unique)
                relation->unique_key.push_back(static_cast<int>(i));
    }
    if (relation->unique_key.size() != table.unique_key.size())
        relation->unique_key.clear();
    return relation;
}

struct Projection {
    std::vector<int> columns;
    std::vector<std::string> names;
    std::string select_list;
};

// Key, id and required columns always, others by chance; some renamed, as a mapping view over a legacy table would.
Projection choose_projection(const Table &table, Rng &rng) {
    Projection chosen;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
        const Column &column = table.columns[c];
        if (column.role == Role::payload && !column.not_null && rng.chance(30))
            continue;
        std::string name = column.name;
        if (column.role == Role::payload && rng.chance(25))
            name = "m_" + name;
        chosen.select_list +=
            fmt::format("{}t.{}{}", chosen.columns.empty() ? "" : ", ", identifier(column.name),
                        name == column.name ? "" : " AS " + identifier(name));
        chosen.columns.push_back(static_cast<int>(c));
        chosen.names.push_back(std::move(name));
    }
    return chosen;
}

void add_rules(Schema &schema, const Table &table, const Projection &chosen, const std::string &view,
               Rng &rng) {
    std::string names;
    std::string values;
    for (std::size_t i = 0; i < chosen.columns.size(); ++i) {
        const Column &column = table.columns[static_cast<std::size_t>(chosen.columns[i])];
        if (column.role == Role::generated)
            continue;
        names += (names.empty() ? "" : ", ") + identifier(column.name);
        values += (values.empty() ? "NEW." : ", NEW.") + identifier(chosen.names[i]);
    }
    const std::string key = column_name(table, table.key);
    std::string text =
        fmt::format("CREATE RULE r_insert AS ON INSERT TO {0} DO INSTEAD INSERT INTO {1} ({2}) OVERRIDING "
                    "SYSTEM VALUE VALUES ({3});\n"
                    "CREATE RULE r_delete AS ON DELETE TO {0} DO INSTEAD DELETE FROM {1} WHERE {4} = OLD.{4}",
                    view, identifier(table.name), names, values, key);
    std::string assignments;
    for (std::size_t i = 0; i < chosen.columns.size(); ++i) {
        const Column &column = table.columns[static_cast<std::size_t>(chosen.columns[i])];
        if (column.role == Role::payload || column.role == Role::link)
            assignments += fmt::format("{}{} = NEW.{}", assignments.empty() ? "" : ", ",
                                       identifier(column.name), identifier(chosen.names[i]));
    }
    if (!assignments.empty())
        text += fmt::format(
            ";\nCREATE RULE r_update AS ON UPDATE TO {0} DO INSTEAD UPDATE {1} SET {2} WHERE {3} = OLD.{3}",
            view, identifier(table.name), assignments, key);
    schema.items.push_back({"rule", optional(Node(text)), rng.chance(30)});
}

void add_instead_trigger(Schema &schema, const Table &table, const Projection &chosen,
                         const std::string &view, Rng &rng) {
    std::string names;
    std::string values;
    std::string assignments;
    for (std::size_t i = 0; i < chosen.columns.size(); ++i) {
        const Column &column = table.columns[static_cast<std::size_t>(chosen.columns[i])];
        if (column.role == Role::generated)
            continue;
        names += (names.empty() ? "" : ", ") + identifier(column.name);
        values += (values.empty() ? "NEW." : ", NEW.") + identifier(chosen.names[i]);
        if (!(table.identity_always && chosen.columns[i] == table.key))
            assignments += fmt::format("{}{} = NEW.{}", assignments.empty() ? "" : ", ",
                                       identifier(column.name), identifier(chosen.names[i]));
    }
    const std::string key = column_name(table, table.key);
    const std::string function = "f_instead_" + std::to_string(table.number);
    schema.items.push_back(
        {"trigger",
         optional(Node(fmt::format(
             "CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS "
             "$f$\nBEGIN\n"
             "  IF TG_OP = 'INSERT' THEN\n    INSERT INTO {1} ({2}) OVERRIDING SYSTEM VALUE VALUES ({3}); "
             "RETURN NEW;\n"
             "  ELSIF TG_OP = 'UPDATE' THEN\n    UPDATE {1} SET {4} WHERE {5} = OLD.{5}; RETURN NEW;\n"
             "  END IF;\n  DELETE FROM {1} WHERE {5} = OLD.{5}; RETURN OLD;\nEND $f$;\n"
             "CREATE TRIGGER t_instead INSTEAD OF INSERT OR UPDATE OR DELETE ON {6} FOR EACH ROW EXECUTE "
             "FUNCTION {0}()",
             function, identifier(table.name), names, values, assignments, key, view))),
         rng.chance(30)});
}

void add_view_of(Schema &schema, const Table &table, Rng &rng) {
    if (table.key < 0)
        return;
    const Projection chosen = choose_projection(table, rng);
    const int kind = rng.weighted({40, 20, 20, 20});
    const std::string raw_name = "vw_" + table.entity;
    const std::string name = identifier(raw_name);
    const bool writes_by_hand =
        kind >= 2; // by rule or trigger: then the view must not be updatable by itself
    const bool fenced = writes_by_hand && rng.chance(25);
    const std::string from =
        identifier(table.name) + (writes_by_hand && !fenced ? " t CROSS JOIN (VALUES (1)) one (n)" : " t");
    std::string text = fmt::format("CREATE VIEW {} AS SELECT {} FROM {}", name, chosen.select_list, from);
    const int number = payload_of_type(table, Type::int4);
    if (table.soft_delete >= 0 && rng.chance(50))
        text += fmt::format(" WHERE t.{} IS NULL", column_name(table, table.soft_delete));
    else if (number >= 0 && rng.chance(30))
        text += fmt::format(" WHERE coalesce(t.{}, 0) < 6", column_name(table, number));
    if (kind == 1)
        text += rng.chance(50) ? " WITH LOCAL CHECK OPTION" : " WITH CASCADED CHECK OPTION";
    else if (fenced)
        text =
            "CREATE VIEW " + name + " AS SELECT * FROM (" + text.substr(text.find("SELECT")) + " OFFSET 0) q";
    schema.items.push_back({"view", optional(Node(text)), false});
    if (kind == 2)
        add_rules(schema, table, chosen, name, rng);
    else if (kind == 3)
        add_instead_trigger(schema, table, chosen, name, rng);
    schema.relations.push_back(view_relation(table, raw_name, chosen.columns, chosen.names));
    if (table.key_constraint)
        schema.writable_views.push_back({raw_name, table.number, chosen.columns, chosen.names,
                                         kind == 2   ? "write-rule"
                                         : kind == 3 ? "write-instead"
                                                     : "write-view"});
}

// A view that joins a table to one of its parents, both shown.
void add_join_view(Schema &schema, const Table &table, Rng &rng) {
    if (table.foreign_keys.empty() || table.key < 0)
        return;
    const ForeignKey &link = rng.pick(table.foreign_keys);
    const Table &parent = schema.tables[static_cast<std::size_t>(link.parent)];
    if (parent.key < 0 || !parent.columns[static_cast<std::size_t>(link.parent_column)].unique)
        return;
    auto relation = std::make_shared<Relation>();
    relation->name = "vj_" + table.entity;
    relation->origin = Origin::view;
    relation->key = table.key;
    relation->id = table.id;
    relation->unique_key = table.unique_key;
    std::string columns;
    for (const auto &column : table.columns) {
        columns += (columns.empty() ? "t." : ", t.") + identifier(column.name);
        relation->columns.push_back(column);
    }
    for (const int c : parent.payload()) {
        const Column &column = parent.columns[static_cast<std::size_t>(c)];
        relation->columns.push_back(column);
        relation->columns.back().name = "p_" + column.name;
        columns += ", p." + identifier(column.name) + " AS " + identifier("p_" + column.name);
    }
    schema.items.push_back(
        {"view",
         optional(Node(fmt::format(
             "CREATE VIEW {} AS SELECT {} FROM {} t {} {} p ON p.{} = t.{}", identifier(relation->name),
             columns, identifier(table.name), rng.chance(50) ? "JOIN" : "LEFT JOIN", identifier(parent.name),
             column_name(parent, link.parent_column), column_name(table, link.column)))),
         false});
    schema.relations.push_back(relation);
}

struct TriggerText {
    std::string kind;  // for the coverage table
    std::string event; // BEFORE INSERT ..., without table
    std::string body;
    std::string level; // FOR EACH ROW ...
    bool constraint = false;
    int target = -1; // table written
};

std::string increment(const Table &target, int number, const std::string &where) {
    const std::string column = column_name(target, number);
    return fmt::format("UPDATE {} SET {} = coalesce({}, 0) + 1 WHERE {}", identifier(target.name), column,
                       column, where);
}

// A random trigger on `table`; an empty kind when the table does not have what it needs.
TriggerText choose_trigger(const Schema &schema, const Table &table, Rng &rng) {
    const std::string depth = "pg_trigger_depth() < 2";
    const Table &other = rng.pick(schema.tables);
    const int other_number = other.key >= 0 ? payload_of_type(other, Type::int4) : -1;
    const int own_number = payload_of_type(table, Type::int4);
    const int own_text = payload_of_type(table, Type::text);
    switch (rng.below(7)) {
    case 0:
        if (own_number >= 0)
            return {"before-row",
                    "BEFORE INSERT OR UPDATE",
                    fmt::format("NEW.{0} := coalesce(NEW.{0}, 2) % 12; RETURN NEW;",
                                column_name(table, own_number)),
                    "FOR EACH ROW",
                    false,
                    -1};
        if (own_text >= 0)
            return {"before-row",
                    "BEFORE INSERT OR UPDATE",
                    fmt::format("NEW.{0} := lower(NEW.{0}); RETURN NEW;", column_name(table, own_text)),
                    "FOR EACH ROW",
                    false,
                    -1};
        break;
    case 1:
        if (table.key >= 0)
            return {"before-row-skip",
                    "BEFORE UPDATE OR DELETE",
                    fmt::format("IF OLD.{} % 6 = 5 THEN RETURN NULL; END IF; IF TG_OP = 'DELETE' THEN RETURN "
                                "OLD; END IF; RETURN NEW;",
                                column_name(table, table.key)),
                    "FOR EACH ROW",
                    false,
                    -1};
        break;
    case 2:
        for (const auto &link : table.foreign_keys) {
            const Table &parent = schema.tables[static_cast<std::size_t>(link.parent)];
            const int number = payload_of_type(parent, Type::int4);
            if (number < 0 || link.natural)
                continue;
            const std::string column = column_name(table, link.column);
            const std::string key = column_name(parent, parent.key);
            return {"after-row-counter",
                    "AFTER INSERT OR DELETE",
                    fmt::format("IF TG_OP = 'INSERT' THEN {}; ELSE {}; END IF; RETURN NULL;",
                                increment(parent, number, key + " = NEW." + column),
                                increment(parent, number, key + " = OLD." + column)),
                    "FOR EACH ROW",
                    false,
                    parent.number};
        }
        break;
    case 3:
        if (other_number >= 0)
            return {"after-statement",
                    "AFTER INSERT OR UPDATE OR DELETE",
                    fmt::format("IF {} THEN {}; END IF; RETURN NULL;", depth,
                                increment(other, other_number, column_name(other, other.key) + " IN (1, 2)")),
                    "FOR EACH STATEMENT",
                    false,
                    other.number};
        break;
    case 4:
        if (other_number >= 0 && table.key >= 0 && table.partitioning == Partitioning::none)
            return {"transition-table",
                    "AFTER UPDATE",
                    fmt::format(
                        "IF {} THEN {}; END IF; RETURN NULL;", depth,
                        increment(other, other_number,
                                  fmt::format("{} IN (SELECT {} FROM fresh)", column_name(other, other.key),
                                              column_name(table, table.key)))),
                    "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT",
                    false,
                    other.number};
        break;
    case 5:
        if (own_number >= 0 && table.key >= 0)
            return {"after-row-same-table",
                    "AFTER UPDATE",
                    fmt::format("IF {} THEN {}; END IF; RETURN NULL;", depth,
                                increment(table, own_number,
                                          fmt::format("{0} = NEW.{0}", column_name(table, table.key)))),
                    "FOR EACH ROW",
                    false,
                    table.number};
        break;
    default: // downwards only: at commit every deferred trigger has depth 1, so a cycle would never end
        if (other_number >= 0 && table.key >= 0 && other.number < table.number)
            return {"deferred-constraint",
                    "AFTER INSERT OR UPDATE",
                    fmt::format("IF {} THEN {}; END IF; RETURN NULL;", depth,
                                increment(other, other_number,
                                          fmt::format("{} = NEW.{}", column_name(other, other.key),
                                                      column_name(table, table.key)))),
                    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
                    true,
                    other.number};
    }
    return {};
}

} // namespace

void add_user_types(Schema &schema) {
    schema.items.push_back(
        {"types",
         optional(
             Node("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');\n"
                  "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);\n"
                  "CREATE TYPE pair AS (x integer, y text);\n"
                  "CREATE DOMAIN dom_small AS integer CHECK (VALUE < 1000);\n"
                  "CREATE DOMAIN dom_code AS text CHECK (length(VALUE) < 20)")),
         false});
    schema.items.push_back(
        {"functions",
         optional(Node("CREATE FUNCTION f_label(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT "
                       "upper(coalesce($1, '-')) $$;\n"
                       "CREATE FUNCTION f_twice(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ "
                       "BEGIN RETURN $1 * 2; END $$;\n"
                       "CREATE FUNCTION f_longer(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS\n"
                       "  $$ SELECT CASE WHEN $1 IS NULL OR (length($2), $2) > (length($1), $1) THEN $2 ELSE "
                       "$1 END $$;\n"
                       "CREATE AGGREGATE longest(text) (SFUNC = f_longer, STYPE = text)")),
         false});
    schema.has_user_functions = true;
}

void add_views(Schema &schema, Rng rng) {
    for (const Table &table : schema.tables) {
        if (rng.chance(25))
            add_view_of(schema, table, rng);
        if (rng.chance(12))
            add_join_view(schema, table, rng);
    }
}

void add_triggers(Schema &schema, Rng rng) {
    for (Table &table : schema.tables) {
        if (rng.chance(6) && table.key >= 0 && table.partitioning == Partitioning::none) {
            const Table &other = rng.pick(schema.tables);
            const int number = other.key >= 0 ? payload_of_type(other, Type::int4) : -1;
            if (number >= 0 && other.number != table.number && !other.has_rule) {
                table.has_rule = true;
                schema.trigger_targets.insert(other.number);
                schema.items.push_back(
                    {"rule",
                     optional(Node(fmt::format(
                         "CREATE RULE r_also AS ON UPDATE TO {} DO ALSO {}", identifier(table.name),
                         increment(other, number,
                                   fmt::format("{} = OLD.{}", column_name(other, other.key),
                                               column_name(table, table.key)))))),
                     rng.chance(50)});
            }
        }
        if (!rng.chance(22))
            continue;
        const TriggerText trigger = choose_trigger(schema, table, rng);
        if (trigger.kind.empty())
            continue;
        if (trigger.target >= 0)
            schema.trigger_targets.insert(trigger.target);
        const std::string function = "f_trigger_" + std::to_string(table.number);
        schema.items.push_back(
            {"trigger-" + trigger.kind,
             optional(Node(fmt::format("CREATE FUNCTION {0}() RETURNS trigger LANGUAGE plpgsql SET "
                                       "search_path FROM CURRENT AS $f$\nBEGIN\n  {1}\nEND $f$;\n"
                                       "CREATE {2}TRIGGER {3} {4} ON {5} {6} EXECUTE FUNCTION {0}()",
                                       function, trigger.body, trigger.constraint ? "CONSTRAINT " : "",
                                       (rng.chance(50) ? "a_" : "zz_") + std::string("user"), trigger.event,
                                       identifier(table.name), trigger.level))),
             rng.chance(40)});
    }
}

} // namespace oracle
