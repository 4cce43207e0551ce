// world.cpp - the fixed schema, its statements, and schemas of oracle seeds. See world.hpp.
//
// Keys come from small ranges, so that sessions meet all the time and parents vanish and come back.

#include "world.hpp"

#include <set>
#include <stdexcept>

#include <fmt/format.h>

#include "runner.hpp"

namespace stress {

using oracle::Connection;
using oracle::Rng;

namespace {

const char *const tables = R"(
CREATE TABLE tb_company (pk_company int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text, active boolean NOT NULL DEFAULT true);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_company int, name text, score int NOT NULL DEFAULT 0);
CREATE TABLE tb_category (pk_category int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_parent int, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_user int, fk_category int REFERENCES tb_category ON DELETE SET NULL, title text, published boolean NOT NULL DEFAULT true);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), fk_post int REFERENCES tb_post ON DELETE CASCADE, fk_user int, body text);
CREATE TABLE tb_tag (pk_tag int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
CREATE TABLE tb_post_tag (fk_post int, fk_tag int REFERENCES tb_tag ON DELETE CASCADE ON UPDATE CASCADE, PRIMARY KEY (fk_post, fk_tag));
CREATE TABLE tb_doc (pk_doc int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), log text[] NOT NULL DEFAULT '{}');
CREATE TABLE tb_entry (pk_entry bigserial PRIMARY KEY, fk_doc int NOT NULL, element text NOT NULL);
CREATE INDEX ON tb_user (fk_company);
CREATE INDEX ON tb_category (fk_parent);
CREATE INDEX ON tb_post (fk_user);
CREATE INDEX ON tb_post (fk_category);
CREATE INDEX ON tb_comment (fk_post);
CREATE INDEX ON tb_comment (fk_user);
CREATE INDEX ON tb_post_tag (fk_tag);
CREATE INDEX ON tb_entry (fk_doc);
INSERT INTO tb_company (pk_company, name) SELECT i, 'c' || i FROM generate_series(1, 5) i;
INSERT INTO tb_user (pk_user, fk_company, name, score) SELECT i, 1 + i % 5, 'u' || i, i FROM generate_series(1, 10) i;
INSERT INTO tb_category (pk_category, fk_parent, name) SELECT i, nullif(i / 2, 0), 'k' || i FROM generate_series(1, 8) i;
INSERT INTO tb_post (pk_post, fk_user, fk_category, title) SELECT i, 1 + i % 12, 1 + i % 8, 'p' || i FROM generate_series(1, 20) i;
INSERT INTO tb_comment (pk_comment, fk_post, fk_user, body) SELECT i, 1 + i % 20, 1 + i % 10, 'b' || i FROM generate_series(1, 30) i;
INSERT INTO tb_tag (pk_tag, name) SELECT i, 't' || i FROM generate_series(1, 6) i;
INSERT INTO tb_post_tag SELECT i, 1 + i % 6 FROM generate_series(1, 20) i;
INSERT INTO tb_doc (pk_doc) SELECT i FROM generate_series(1, 6) i)";

const std::vector<const char *> definitions{
    // a join
    R"(CREATE TABLE tv_user AS SELECT u.pk_user, u.id, u.fk_company, jsonb_build_object('name', u.name, 'company',
       jsonb_build_object('name', c.name)) AS data FROM tb_user u JOIN tb_company c ON c.pk_company = u.fk_company)",
    // three hops, outer joins at the end
    R"(CREATE TABLE tv_comment_path AS SELECT m.pk_comment, m.id, jsonb_build_object('body', m.body, 'post', p.title,
       'author', u.name, 'company', c.name, 'category', k.name) AS data FROM tb_comment m JOIN tb_post p ON p.pk_post = m.fk_post
       JOIN tb_user u ON u.pk_user = p.fk_user LEFT JOIN tb_company c ON c.pk_company = u.fk_company
       LEFT JOIN tb_category k ON k.pk_category = p.fk_category)",
    // an array by foreign key
    R"(CREATE TABLE tv_user_posts AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', coalesce(
       (SELECT jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title) ORDER BY p.pk_post) FROM tb_post p
         WHERE p.fk_user = u.pk_user), '[]')) AS data FROM tb_user u)",
    // arrays of arrays
    R"(CREATE TABLE tv_company_tree AS SELECT c.pk_company, c.id, jsonb_build_object('name', c.name, 'users', coalesce(
       (SELECT jsonb_agg(jsonb_build_object('name', u.name, 'posts', (SELECT jsonb_agg(p.title ORDER BY p.pk_post)
           FROM tb_post p WHERE p.fk_user = u.pk_user)) ORDER BY u.pk_user)
          FROM tb_user u WHERE u.fk_company = c.pk_company), '[]')) AS data FROM tb_company c WHERE c.active)",
    // groups that come and go
    R"(CREATE TABLE tv_post_stats AS SELECT p.fk_user AS pk_user, md5(p.fk_user::text)::uuid AS id,
       jsonb_build_object('posts', count(*), 'published', count(*) FILTER (WHERE p.published), 'last', max(p.title)) AS data
       FROM tb_post p WHERE p.fk_user IS NOT NULL GROUP BY p.fk_user)",
    // existence
    R"(CREATE TABLE tv_good_user AS SELECT u.pk_user, u.id, to_jsonb(u.name) AS data FROM tb_user u
       WHERE EXISTS (SELECT FROM tb_post p WHERE p.fk_user = u.pk_user AND p.published)
         AND NOT EXISTS (SELECT FROM tb_comment m WHERE m.fk_user = u.pk_user AND m.body LIKE 'x%'))",
    // an array through a junction
    R"(CREATE TABLE tv_post_tags AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'tags',
       (SELECT jsonb_agg(t.name ORDER BY t.pk_tag) FROM tb_post_tag j JOIN tb_tag t ON t.pk_tag = j.fk_tag
         WHERE j.fk_post = p.pk_post)) AS data FROM tb_post p)",
    // a table in three roles
    R"(CREATE TABLE tv_category AS SELECT k.pk_category, k.id, jsonb_build_object('name', k.name, 'parent', p.name,
       'grandparent', g.name, 'children', (SELECT jsonb_agg(c.name ORDER BY c.pk_category) FROM tb_category c
         WHERE c.fk_parent = k.pk_category)) AS data FROM tb_category k LEFT JOIN tb_category p ON p.pk_category = k.fk_parent
       LEFT JOIN tb_category g ON g.pk_category = p.fk_parent)",
    // the newest two
    R"(CREATE TABLE tv_latest AS SELECT p.pk_post, p.id, jsonb_build_object('latest', (SELECT jsonb_agg(l.body ORDER BY
       l.pk_comment) FROM (SELECT m.pk_comment, m.body FROM tb_comment m WHERE m.fk_post = p.pk_post
         ORDER BY m.pk_comment DESC LIMIT 2) l)) AS data FROM tb_post p)",
    // a rank within the company
    R"(CREATE TABLE tv_rank AS SELECT u.pk_user, u.id, jsonb_build_object('rank', rank() OVER (PARTITION BY u.fk_company
       ORDER BY u.score DESC, u.pk_user)) AS data FROM tb_user u)",
    // TVIEWs on TVIEWs, two levels
    R"(CREATE TABLE tv_post AS SELECT p.pk_post, p.id, p.fk_user, jsonb_build_object('title', p.title, 'author', u.data) AS data
       FROM tb_post p JOIN tv_user u ON u.pk_user = p.fk_user)",
    R"(CREATE TABLE tv_feed AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'feed', coalesce(
       (SELECT jsonb_agg(p.data ORDER BY p.pk_post) FROM tv_post p WHERE p.fk_user = u.pk_user), '[]'), 'stats',
       (SELECT s.data FROM tv_post_stats s WHERE s.pk_user = u.pk_user)) AS data FROM tb_user u)",
    // every row depends on all rows
    R"(CREATE TABLE tv_tag_share AS SELECT t.pk_tag, t.id, jsonb_build_object('name', t.name, 'all',
       (SELECT count(*) FROM tb_post_tag)) AS data FROM tb_tag t)",
    // the history check
    R"(CREATE TABLE tv_doc AS SELECT d.pk_doc, d.id, jsonb_build_object('log', to_jsonb(d.log), 'entries', coalesce(
       (SELECT jsonb_agg(e.element ORDER BY e.pk_entry) FROM tb_entry e WHERE e.fk_doc = d.pk_doc), '[]')) AS data FROM tb_doc d)",
};

struct Table {
    const char *name;
    const char *key;
    int keys;
    std::vector<std::pair<const char *, int>> links; // column, number of values
    const char *payload;
};

const std::vector<Table> writable{
    {"tb_company", "pk_company", 6, {}, "name"},
    {"tb_user", "pk_user", 12, {{"fk_company", 6}}, "name"},
    {"tb_category", "pk_category", 10, {{"fk_parent", 10}}, "name"},
    {"tb_post", "pk_post", 24, {{"fk_user", 12}, {"fk_category", 10}}, "title"},
    {"tb_comment", "pk_comment", 40, {{"fk_post", 24}, {"fk_user", 12}}, "body"},
    {"tb_tag", "pk_tag", 7, {}, "name"},
};

std::string text(Rng &rng) { return fmt::format("'{}{}'", rng.pick({"a", "b", "x", "z"}), rng.below(1000)); }

std::string link(Rng &rng, int values) {
    return rng.chance(6) ? "NULL" : std::to_string(rng.between(1, values));
}

std::string row(Rng &rng, const Table &table, int key) {
    std::string out = fmt::format("({}, {}", key, text(rng));
    for (const auto &[column, values] : table.links)
        out += ", " + link(rng, values);
    return out + ")";
}

std::string insert(Rng &rng, const Table &table, int rows) {
    std::string columns = fmt::format("{}, {}", table.key, table.payload), values;
    for (const auto &[column, count] : table.links)
        columns += fmt::format(", {}", column);
    std::set<int> keys;
    for (int i = 0; i < rows; ++i)
        keys.insert(rng.between(1, table.keys));
    for (const int key : keys)
        values += (values.empty() ? "" : ", ") + row(rng, table, key);
    return fmt::format("INSERT INTO {} ({}) VALUES {}", table.name, columns, values);
}

std::string upsert(Rng &rng, const Table &table, int rows) {
    std::string set = fmt::format("{0} = excluded.{0}", table.payload);
    if (!table.links.empty() && rng.chance(50))
        set += fmt::format(", {0} = excluded.{0}", table.links.front().first);
    return insert(rng, table, rows) + fmt::format(" ON CONFLICT ({}) DO UPDATE SET {}", table.key, set);
}

std::string junction(Rng &rng) {
    const int post = rng.between(1, 24), tag = rng.between(1, 7);
    switch (rng.below(4)) {
    case 0:
        return fmt::format("DELETE FROM tb_post_tag WHERE fk_post = {}", post);
    case 1:
        return fmt::format("UPDATE tb_post_tag SET fk_post = {} WHERE fk_post = {} AND fk_tag = {}",
                           rng.between(1, 24), post, tag);
    default:
        return fmt::format("INSERT INTO tb_post_tag SELECT {}, pk_tag FROM tb_tag WHERE pk_tag IN ({}, {}) "
                           "ON CONFLICT DO NOTHING",
                           post, tag, rng.between(1, 7));
    }
}

std::string merge(Rng &rng, const Table &table) {
    const std::string extra = table.links.empty() ? ""
                                                  : fmt::format(", {} = {}", table.links[0].first,
                                                                link(rng, table.links[0].second));
    return fmt::format(
        "MERGE INTO {0} t USING (SELECT DISTINCT k FROM (VALUES ({1}), ({2})) v (k)) s ON t.{3} = s.k "
        "WHEN MATCHED AND s.k % 3 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET {4} = {5}{6} "
        "WHEN NOT MATCHED THEN INSERT ({3}, {4}) VALUES (s.k, {5})",
        table.name, rng.between(1, table.keys), rng.between(1, table.keys), table.key, table.payload,
        text(rng), extra);
}

std::string simple_write(Rng &rng, const Table &table) {
    const int key = rng.between(1, table.keys);
    const std::string where = fmt::format(" WHERE {} = {}", table.key, key);
    switch (rng.weighted({20, 22, 22, 9, 8, 7, 5, 4, 3})) {
    case 0:
        return insert(rng, table, 1) + (rng.chance(90) ? " ON CONFLICT DO NOTHING" : "");
    case 1:
        return fmt::format("UPDATE {} SET {} = {}{}", table.name, table.payload, text(rng), where);
    case 2:
        if (table.links.empty())
            return upsert(rng, table, 1);
        else {
            const auto &[column, values] = rng.pick(table.links);
            return fmt::format("UPDATE {} SET {} = {}{}", table.name, column, link(rng, values), where);
        }
    case 3:
        return fmt::format("DELETE FROM {}{}", table.name, where);
    case 4:
        return upsert(rng, table, rng.between(1, 4));
    case 5:
        return fmt::format("UPDATE {0} SET {1} = {1} || '.' WHERE {2} BETWEEN {3} AND {3} + 3", table.name,
                           table.payload, table.key, key);
    case 6:
        return merge(rng, table);
    case 7:
        return fmt::format("UPDATE {} SET {} = {}{}", table.name, table.key, rng.between(1, table.keys),
                           where);
    default:
        return fmt::format(
            "WITH gone AS (DELETE FROM {}{} RETURNING *) UPDATE tb_user SET score = score + 1 WHERE "
            "pk_user IN (SELECT {} FROM gone)",
            table.name, where, table.key);
    }
}

} // namespace

std::string World::statement(Rng &rng) const {
    if (truncates && !truncations.empty() && rng.chance(1))
        return rng.pick(truncations);
    if (!fixed)
        return rng.pick(statements);
    switch (rng.weighted({80, 12, 4, 4})) {
    case 1:
        return junction(rng);
    case 2:
        return fmt::format("UPDATE tb_company SET active = NOT active WHERE pk_company = {}",
                           rng.between(1, 6));
    case 3:
        return rng.chance(50) ? fmt::format("UPDATE tb_user SET score = {} WHERE pk_user = {}", rng.below(20),
                                            rng.between(1, 12))
                              : fmt::format("UPDATE tb_post SET published = NOT published WHERE pk_post = {}",
                                            rng.between(1, 24));
    default:
        return simple_write(rng, rng.pick(writable));
    }
}

void World::learn(Connection &connection) {
    tviews.clear();
    checks.clear();
    const auto answer = connection.execute(
        fmt::format("SELECT quote_ident(t.relname), quote_ident(v.relname), (SELECT string_agg(format('%I IS "
                    "NOT NULL', k), ' AND ') FROM "
                    "unnest(m.key_columns) k) FROM pg_tview_meta m JOIN pg_class t ON t.oid = m.table_oid "
                    "JOIN pg_class v ON "
                    "v.oid = m.view_oid WHERE t.relnamespace = '{}'::regnamespace ORDER BY 1",
                    schema));
    if (!answer.ok)
        throw std::runtime_error(answer.message);
    for (const auto &line : answer.rows) {
        const std::size_t a = line.find('\t'), b = line.find('\t', a + 1);
        auto quoted = [&](const std::string &name) { return schema + "." + name; };
        const std::string table = quoted(line.substr(0, a));
        const std::string stored = fmt::format("SELECT r::text FROM (SELECT * FROM {}) r", table);
        const std::string wanted = fmt::format("SELECT r::text FROM (SELECT * FROM {} WHERE {}) r",
                                               quoted(line.substr(a + 1, b - a - 1)), line.substr(b + 1));
        tviews.push_back(table);
        checks.push_back(
            fmt::format("(SELECT 'only stored', a.* FROM (({0}) EXCEPT ALL ({1})) a LIMIT 4) UNION ALL "
                        "(SELECT 'only in the definition', b.* FROM (({1}) EXCEPT ALL ({0})) b LIMIT 4)",
                        stored, wanted));
    }
}

World fixed_world(Connection &connection) {
    World world;
    world.schema = "stress";
    connection.must("CREATE SCHEMA stress; SET search_path = stress, public");
    connection.must(tables);
    for (const char *definition : definitions)
        connection.must(definition);
    for (const char *table : {"tb_comment", "tb_post_tag", "tb_company", "tb_user"})
        world.truncations.push_back(std::string("TRUNCATE ") + table);
    world.truncations.emplace_back("TRUNCATE tb_post, tb_comment");
    world.learn(connection);
    return world;
}

bool seed_world(Connection &connection, std::uint64_t seed, World &world) {
    // Statements that need an object of their session, or that replace shared functions, do not stand alone.
    static const std::set<std::string> unfit{
        "create-procedure", "call-procedure", "create-function", "function-call", "prepare-statement",
        "prepared",         "deallocate",     "cursor",          "read-cursor",   "read-function",
        "set-role",         "set-local",      "set-constraints", "do-commit"};
    oracle::ScenarioOptions options;
    options.server_version = connection.server_version();
    options.writes.steps = 200;
    const oracle::FlatScenario scenario = oracle::flatten(oracle::make_scenario(seed, options));
    world = World{};
    world.fixed = false;
    world.schema = fmt::format("s{}", seed);
    world.settings = scenario.settings;
    connection.must(fmt::format(
        "DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}; SET search_path = {0}, public", world.schema));
    for (const auto &setting : world.settings)
        connection.must(setting);
    world.lenient = scenario.deferred_keys;
    auto setup = [&](bool after) {
        for (const auto &item : scenario.setup)
            if (item.after_tviews == after)
                connection.execute(oracle::on_side(item.sql, world.schema));
    };
    setup(false);
    for (const auto &tview : scenario.tviews) {
        if (!tview.present)
            continue;
        const auto plan = connection.execute("EXPLAIN " + oracle::on_side(tview.select, world.schema));
        const std::size_t at = plan.rows.empty() ? std::string::npos : plan.rows.front().find("..");
        if (at != std::string::npos && std::stod(plan.rows.front().substr(at + 2)) > 1e5)
            continue; // one evaluation takes too long for this test
        connection.execute(oracle::on_side(tview.create, world.schema)); // refusals are the oracle's business
        world.lenient = world.lenient || tview.may_duplicate || tview.may_raise;
    }
    setup(true);
    for (const auto &step : scenario.steps) {
        if (step.op != oracle::Op::statement || step.commits_inside || step.has_copy || !step.comparable ||
            unfit.contains(step.kind))
            continue;
        auto &list = step.kind.starts_with("truncate") ? world.truncations : world.statements;
        list.push_back(oracle::on_side(step.sql, world.schema));
    }
    world.learn(connection);
    return !world.tviews.empty() && world.statements.size() > 10;
}

} // namespace stress
