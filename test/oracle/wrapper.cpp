// wrapper.cpp - statements inside other things: data-modifying CTEs, DO blocks with EXCEPTION, procedures that commit,
// functions, prepared statements, cursors, another role.
//
// Handlers in blocks name the conditions that plain tables can raise and never `others`: an error of a TVIEW (class
// TV) must come through, or writer and mirror would part company unseen.

#include "writes.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

constexpr const char *handled =
    "raise_exception OR unique_violation OR foreign_key_violation OR not_null_violation OR check_violation";

bool has_key(const Table &table) { return table.key >= 0; }

} // namespace

Statement Writer::data_modifying_cte() {
    std::vector<Node> parts;
    std::set<int> tables;
    for (int attempt = 0; attempt < 12 && parts.size() < static_cast<std::size_t>(rng_.between(2, 3));
         ++attempt) {
        Statement part = plain_dml();
        if (part.table < 0 || tables.contains(part.table) ||
            render(part.sql).find("RETURNING") != std::string::npos)
            continue;
        tables.insert(part.table);
        parts.push_back(sql("c{} AS ({} RETURNING 1)", std::to_string(parts.size() + 1), part.sql));
    }
    std::vector<Node> counts;
    for (std::size_t i = 0; i < parts.size(); ++i)
        counts.emplace_back(fmt::format("(SELECT count(*) FROM c{})", i + 1));
    return {"cte-dml",
            sql("WITH {} SELECT {}", list("", ", ", "", std::move(parts), 1),
                list("", ", ", "", std::move(counts), 1)),
            {},
            {},
            false,
            -1};
}

// Statements of a PL/pgSQL block, with nested blocks that roll back.
Node Writer::block_body(int statements, int depth, std::vector<int> &tviews) {
    std::vector<Node> lines;
    for (int i = 0; i < statements; ++i) {
        const int draw = rng_.below(100);
        if (depth > 0 && draw < 25) {
            Node inner = block_body(rng_.between(1, 2), depth - 1, tviews);
            Node after = rng_.chance(50) ? block_body(1, 0, tviews) : Node(" NULL;");
            lines.push_back(sql("\nBEGIN{}{}\nEXCEPTION WHEN {} THEN{}\nEND;", inner,
                                rng_.chance(50) ? optional(Node("\nRAISE EXCEPTION 'undo';")) : Node(""),
                                handled, after));
        } else if (depth > 0 && draw < 35) {
            const Table *table = table_with(has_key);
            const std::string key = identifier(table->columns[static_cast<std::size_t>(table->key)].name);
            lines.push_back(sql("\nFOR r IN SELECT {} AS k FROM {} ORDER BY 1 LIMIT 4 LOOP\nUPDATE {} SET {} "
                                "WHERE {} = r.k;{}\nEND LOOP;",
                                key, identifier(table->name), identifier(table->name),
                                assignments(*table, ""), key, block_body(1, 0, tviews)));
        } else {
            Statement inner = draw < 45 ? write_from_read() : plain_dml();
            std::string text = render(inner.sql);
            if (text.find("RETURNING") != std::string::npos)
                continue;
            tviews.insert(tviews.end(), inner.tviews.begin(), inner.tviews.end());
            lines.push_back(sql("\n{};", inner.sql));
        }
    }
    if (lines.empty())
        lines.emplace_back("\nNULL;");
    return list("", "", "", std::move(lines), 1);
}

Statement Writer::do_block() {
    std::vector<int> tviews;
    Node body = block_body(rng_.between(1, 4), 2, tviews);
    return {"do-block", sql("DO $do$ DECLARE r record; BEGIN{}\nEND $do$", body), {}, tviews, false, -1};
}

// A procedure, or a DO block, that commits and rolls back: only outside a transaction block.
void Writer::add_procedure(std::vector<Step> &steps) {
    std::vector<int> tviews;
    std::vector<Node> lines;
    for (int i = rng_.between(2, 4); i > 0; --i) {
        lines.push_back(block_body(rng_.between(1, 2), 0, tviews));
        const int end = rng_.weighted({60, 25, 15});
        if (end < 2)
            lines.emplace_back(end == 0 ? "\nCOMMIT;" : "\nROLLBACK;");
    }
    Step call;
    call.commits_inside = true;
    call.tviews = tviews;
    call.compare = call.compare_reader = true;
    Node body = list("", "", "", std::move(lines), 1);
    if (rng_.chance(50)) {
        call.kind = "do-commit";
        call.sql = sql("DO $do$ DECLARE r record; BEGIN{}\nEND $do$", body);
    } else {
        const std::string name = "p_run_" + std::to_string(++names_);
        Step create;
        create.kind = "create-procedure";
        create.tviews = tviews;
        create.sql = sql("CREATE PROCEDURE {}() LANGUAGE plpgsql AS $p$ DECLARE r record; BEGIN{}\nEND $p$",
                         name, body);
        steps.push_back(std::move(create));
        call.kind = "call-procedure";
        call.sql = sql("CALL {}()", name);
    }
    steps.push_back(std::move(call));
}

void Writer::add_function_call(std::vector<Step> &steps) {
    const std::string name = "f_run_" + std::to_string(++names_);
    std::vector<int> tviews;
    Step create;
    create.kind = "create-function";
    if (rng_.chance(40)) {
        Statement first = plain_dml();
        create.sql =
            sql("CREATE FUNCTION {}() RETURNS integer LANGUAGE sql AS $f$ {}; SELECT 1 $f$", name, first.sql);
    } else {
        create.sql = sql("CREATE FUNCTION {}() RETURNS integer LANGUAGE plpgsql AS $f$ DECLARE r record; "
                         "BEGIN{}\nRETURN 1;\nEND $f$",
                         name, block_body(rng_.between(1, 3), 1, tviews));
    }
    create.tviews = tviews;
    steps.push_back(std::move(create));
    Step call;
    call.kind = "function-call";
    call.tviews = tviews;
    call.compare = true;
    call.sql =
        rng_.chance(70) ? sql("SELECT {}()", name) : sql("SELECT {}() FROM generate_series(1, 2)", name);
    steps.push_back(std::move(call));
}

void Writer::add_prepared(std::vector<Step> &steps) {
    const std::string name = "ps_" + std::to_string(++names_);
    const Table *table = table_with(has_key);
    const std::string key = identifier(table->columns[static_cast<std::size_t>(table->key)].name);
    Step prepare;
    prepare.kind = "prepare-statement";
    prepare.sql = rng_.chance(30) ? sql("PREPARE {} (bigint) AS DELETE FROM {} WHERE {} = $1", name,
                                        identifier(table->name), key)
                                  : sql("PREPARE {} (bigint) AS UPDATE {} SET {} WHERE {} = $1", name,
                                        identifier(table->name), assignments(*table, ""), key);
    steps.push_back(std::move(prepare));
    const int calls = rng_.chance(30) ? 7 : rng_.between(1, 3); // seven: past the switch to a generic plan
    for (int i = 0; i < calls; ++i) {
        Step execute;
        execute.kind = "prepared";
        execute.sql = sql("EXECUTE {} ({})", name, key_value());
        execute.compare = rng_.chance(40);
        steps.push_back(std::move(execute));
    }
    Step deallocate;
    deallocate.kind = "deallocate";
    deallocate.sql = sql("DEALLOCATE {}", name);
    steps.push_back(std::move(deallocate));
}

// A cursor over a base table, writing WHERE CURRENT OF it; only inside a transaction.
void Writer::add_cursor(std::vector<Step> &steps) {
    const Table *table = table_with([](const Table &t) { return t.key >= 0; });
    const std::string name = "cur_" + std::to_string(++names_);
    const std::string key = identifier(table->columns[static_cast<std::size_t>(table->key)].name);
    auto add = [&](Node text, bool compare) {
        Step made;
        made.kind = "cursor";
        made.sql = std::move(text);
        made.compare = compare;
        steps.push_back(std::move(made));
    };
    add(sql("DECLARE {} CURSOR FOR SELECT {} FROM {} ORDER BY 1 FOR UPDATE", name, key,
            identifier(table->name)),
        false);
    for (int i = rng_.between(1, 3); i > 0; --i) {
        add(sql("FETCH 1 FROM {}", name), false);
        if (rng_.chance(70))
            add(sql("UPDATE {} SET {} WHERE CURRENT OF {}", identifier(table->name), assignments(*table, ""),
                    name),
                rng_.chance(50));
        else
            add(sql("DELETE FROM {} WHERE CURRENT OF {}", identifier(table->name), name), rng_.chance(50));
    }
    if (rng_.chance(70))
        add(sql("CLOSE {}", name), false);
}

// The same writes as somebody with rights on the base tables and nothing else; only inside a transaction.
void Writer::add_role(std::vector<Step> &steps) {
    Step role;
    role.kind = "set-role";
    role.sql = "SET LOCAL ROLE oracle_writer";
    steps.push_back(role);
    for (int i = rng_.between(1, 3); i > 0; --i) {
        Statement made = plain_dml();
        steps.push_back(step(std::move(made)));
        steps.back().compare = false;
        steps.back().comparable = false; // the role may not read the views
    }
    role.sql = "RESET ROLE";
    steps.push_back(std::move(role));
}

} // namespace oracle
