// differential.cpp - compares every function of jsonb_delta with the equivalent core expression, byte for byte.
//
//   differential --conninfo STRING [--cases N] [--seed N]
//
// Random documents are copied into tables, half of them with external, half with compressed storage, and small ones with
// short headers, as a table has them. Then one query per function counts the rows whose results differ in their images. The last line is "N passed, N failed"; a failure names the rows, and the same seed makes them again.
#include "json.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace fuzz;

namespace {

constexpr const char *schema = R"sql(
DROP SCHEMA IF EXISTS differential CASCADE;
CREATE SCHEMA differential;
CREATE EXTENSION IF NOT EXISTS jsonb_delta;
SET search_path = differential, public;
SET client_min_messages = warning;

CREATE TABLE merges (id int, variant int, target jsonb, source jsonb, any_target jsonb, any_source jsonb,
                     object_path text[], steps jsonb, path text[], path_text text, value jsonb, key text)
    PARTITION BY LIST (variant);
CREATE TABLE arrays (id int, variant int, target jsonb, wanted jsonb, updates jsonb, batch jsonb, element jsonb,
                     steps jsonb, path_text text, value jsonb) PARTITION BY LIST (variant);
CREATE TABLE merges_compressed PARTITION OF merges FOR VALUES IN (0);
CREATE TABLE merges_external PARTITION OF merges FOR VALUES IN (1);
CREATE TABLE arrays_compressed PARTITION OF arrays FOR VALUES IN (0);
CREATE TABLE arrays_external PARTITION OF arrays FOR VALUES IN (1);
ALTER TABLE merges_external ALTER target SET STORAGE EXTERNAL, ALTER source SET STORAGE EXTERNAL;
ALTER TABLE arrays_external ALTER target SET STORAGE EXTERNAL;

CREATE FUNCTION deep_merge(t jsonb, s jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE k text; v jsonb;
BEGIN
    IF jsonb_typeof(t) <> 'object' OR jsonb_typeof(s) <> 'object' THEN RETURN s; END IF;
    FOR k, v IN SELECT * FROM jsonb_each(s) LOOP
        t := t || jsonb_build_object(k, CASE WHEN t ? k THEN deep_merge(t -> k, v) ELSE v END);
    END LOOP;
    RETURN t;
END $$;
CREATE FUNCTION merge_at(t jsonb, s jsonb, path text[]) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF cardinality(path) = 0 THEN RETURN t || s; END IF;
    RETURN t || jsonb_build_object(path[1], merge_at(coalesce(t -> path[1], '{}'), s, path[2:]));
END $$;
CREATE FUNCTION set_at(t jsonb, steps jsonb, v jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE i int; inner_value jsonb;
BEGIN
    IF steps = '[]' THEN RETURN v; END IF;
    IF jsonb_typeof(steps -> 0) = 'string' THEN
        t := coalesce(t, '{}');
        RETURN t || jsonb_build_object(steps ->> 0, set_at(t -> (steps ->> 0), steps - 0, v));
    END IF;
    t := coalesce(t, '[]');
    i := (steps ->> 0)::int;
    inner_value := set_at(t -> i, steps - 0, v);
    WHILE jsonb_array_length(t) <= i LOOP t := t || '[null]'; END LOOP;
    RETURN jsonb_set(t, ARRAY[i::text], inner_value);
END $$;
CREATE FUNCTION place(t jsonb, wanted jsonb) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT min(n)::int - 1 FROM jsonb_array_elements(t -> 'list') WITH ORDINALITY AS x (e, n)
    WHERE jsonb_typeof(e) = 'object' AND e -> '#id' = wanted $$;
CREATE FUNCTION update_element(t jsonb, wanted jsonb, updates jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE p text[] := ARRAY['list', place(t, wanted)::text];
BEGIN
    RETURN CASE WHEN p[2] IS NULL THEN t ELSE jsonb_set(t, p, t #> p || updates) END;
END $$;
CREATE FUNCTION set_in_element(t jsonb, wanted jsonb, steps jsonb, v jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE p text[] := ARRAY['list', place(t, wanted)::text];
BEGIN
    RETURN CASE WHEN p[2] IS NULL THEN t ELSE jsonb_set(t, p, set_at(t #> p, steps, v)) END;
END $$;
CREATE FUNCTION delete_element(t jsonb, wanted jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE p text[] := ARRAY['list', place(t, wanted)::text];
BEGIN
    RETURN CASE WHEN p[2] IS NULL THEN t ELSE t #- p END;
END $$;
CREATE FUNCTION update_elements(t jsonb, batch jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE u jsonb;
BEGIN
    FOR u IN SELECT jsonb_array_elements(batch) LOOP t := update_element(t, u -> 'match_value', u -> 'updates'); END LOOP;
    RETURN t;
END $$;
CREATE FUNCTION sorted(t jsonb, descending bool) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN t ? 'list' THEN jsonb_set(t, '{list}', coalesce(CASE WHEN descending
        THEN (SELECT jsonb_agg(e ORDER BY e -> '#id' DESC, n) FROM jsonb_array_elements(t -> 'list') WITH ORDINALITY x (e, n))
        ELSE (SELECT jsonb_agg(e ORDER BY e -> '#id', n) FROM jsonb_array_elements(t -> 'list') WITH ORDINALITY x (e, n))
        END, '[]')) ELSE t END $$;
CREATE FUNCTION appended(t jsonb, element jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT t || jsonb_build_object('list', coalesce(t -> 'list', '[]') || jsonb_build_array(element)) $$;
CREATE VIEW sorted_arrays AS
    SELECT id, sorted(target, id % 4 > 1) AS target, element, id % 4 > 1 AS descending FROM arrays OFFSET 0;
)sql";

struct Check {
    const char *name;
    const char *table;
    const char *actual;
    const char *expected;
};

constexpr Check checks[] = {
    {"jsonb_merge_shallow", "merges", "jsonb_merge_shallow(target, source)", "target || source"},
    {"jsonb_smart_patch_scalar", "merges", "jsonb_smart_patch_scalar(source, target)", "source || target"},
    {"jsonb_merge_at_path", "merges", "jsonb_merge_at_path(target, source, object_path)",
     "merge_at(target, source, object_path)"},
    {"jsonb_smart_patch_nested", "merges", "jsonb_smart_patch_nested(target, value -> 'v', object_path)",
     "merge_at(target, value -> 'v', object_path)"},
    {"jsonb_deep_merge", "merges", "jsonb_deep_merge(target, source)", "deep_merge(target, source)"},
    {"jsonb_deep_merge, any kind", "merges", "jsonb_deep_merge(any_target, any_source)",
     "deep_merge(any_target, any_source)"},
    {"jsonb_delta_set_path", "merges", "jsonb_delta_set_path(target, path_text, any_source)",
     "set_at(target, steps, any_source)"},
    {"jsonb_delta_set_path, jsonb_set", "merges WHERE target #> path IS NOT NULL",
     "jsonb_delta_set_path(target, path_text, any_source)", "jsonb_set(target, path, any_source)"},
    {"jsonb_extract_id", "merges", "jsonb_extract_id(target, key)",
     "CASE WHEN jsonb_typeof(target -> key) IN ('string', 'number') THEN target ->> key END"},
    {"jsonb_array_update_where", "arrays", "jsonb_array_update_where(target, 'list', '#id', wanted, updates)",
     "update_element(target, wanted, updates)"},
    {"jsonb_smart_patch_array", "arrays", "jsonb_smart_patch_array(target, updates, 'list', '#id', wanted)",
     "update_element(target, wanted, updates)"},
    {"jsonb_array_update_where_batch", "arrays",
     "jsonb_array_update_where_batch(target, 'list', '#id', batch)", "update_elements(target, batch)"},
    {"jsonb_array_delete_where", "arrays", "jsonb_array_delete_where(target, 'list', '#id', wanted)",
     "delete_element(target, wanted)"},
    {"jsonb_array_contains_id", "arrays", "jsonb_array_contains_id(target, 'list', '#id', wanted)",
     "place(target, wanted) IS NOT NULL"},
    {"jsonb_array_insert_where, append", "arrays",
     "jsonb_array_insert_where(target, 'list', element, NULL, NULL)", "appended(target, element)"},
    {"jsonb_array_insert_where, sorted", "sorted_arrays",
     "jsonb_array_insert_where(target, 'list', element, '#id', CASE WHEN descending THEN 'desc' ELSE 'ASC' "
     "END)",
     "sorted(appended(target, element), descending)"},
    {"jsonb_delta_array_update_where_path", "arrays",
     "jsonb_delta_array_update_where_path(target, 'list', '#id', wanted, path_text, value)",
     "set_in_element(target, wanted, steps, value)"},
    {"jsonb_array_update_multi_row",
     "(SELECT (x).a AS actual, (x).b AS expected, id FROM (SELECT min(id) AS id, unnest(ARRAY(SELECT "
     "ROW(r.result, update_element(t, w, u))::pair FROM ROWS FROM "
     "(jsonb_array_update_multi_row(array_agg(target ORDER "
     "BY id), 'list', '#id', w, u), unnest(array_agg(target ORDER BY id))) AS r (result, t))) AS x FROM "
     "(SELECT id, CASE "
     "WHEN id % 7 > 0 THEN target END AS target, first_value(wanted) OVER g AS w, first_value(updates) OVER "
     "g AS u FROM "
     "arrays WINDOW g AS (PARTITION BY id / 8 ORDER BY id)) AS y GROUP BY id / 8, w, u) AS z) AS q",
     "actual", "expected"},
};

PGconn *connection;

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "differential: %s: %s", what, PQerrorMessage(connection));
    std::printf("0 passed, 1 failed\n");
    std::exit(1);
}

void execute(const char *sql) {
    PGresult *const result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail("statement failed");
    PQclear(result);
}

class Copy {
  public:
    explicit Copy(const char *table) {
        std::string const sql = std::string("COPY ") + table + " FROM STDIN";
        PGresult *const result = PQexec(connection, sql.c_str());
        if (PQresultStatus(result) != PGRES_COPY_IN)
            fail("COPY failed");
        PQclear(result);
    }
    Copy &column(const std::string &value) {
        if (!row_.empty())
            row_ += '\t';
        for (char const c : value) {
            if (c == '\\')
                row_ += '\\';
            row_ += c;
        }
        return *this;
    }
    void end_row() {
        row_ += '\n';
        if (PQputCopyData(connection, row_.data(), static_cast<int>(row_.size())) != 1)
            fail("COPY failed");
        row_.clear();
    }
    void end() {
        if (PQputCopyEnd(connection, nullptr) != 1)
            fail("COPY failed");
        while (PGresult *const result = PQgetResult(connection)) {
            if (PQresultStatus(result) != PGRES_COMMAND_OK)
                fail("COPY failed");
            PQclear(result);
        }
    }

  private:
    std::string row_;
};

std::string text_array(const Path &path) {
    std::string out = "{";
    for (const Step &step : path) {
        if (out.size() > 1)
            out += ',';
        out += string(step.element ? std::to_string(step.index) : step.key).dump();
    }
    return out + "}";
}

std::string steps_json(const Path &path) {
    Json steps = empty(Json::Kind::array);
    for (const Step &step : path)
        steps.items.push_back(step.element ? number(std::to_string(step.index)) : string(step.key));
    return steps.dump();
}

Path object_path(Choices &choices, const Json &document) {
    Path path;
    if (choices.chance(80))
        path = random_path(choices, document, false);
    const Json *at = &document;
    for (std::size_t i = 0; i < path.size() && at != nullptr; i++) {
        at = at->find(path[i].key);
        if (at != nullptr && !at->is_object())
            path.resize(i);
    }
    return path;
}

void copy_merges(std::uint64_t seed, int cases) {
    Copy copy("merges");
    for (int id = 0; id < cases; id++) {
        Choices choices(seed * 1000003 + static_cast<std::uint64_t>(id));
        Json const target = random_object(choices, random_count(choices), 2);
        Json value = empty(Json::Kind::object);
        value.set("v", random_source(choices, target, 2));
        Path const path = random_path(choices, target, true);
        std::string key = random_key(choices);
        if (!target.members.empty() && choices.chance(80))
            key = target.members[choices.below(static_cast<std::uint32_t>(target.members.size()))].first;
        Json const any_target = choices.chance(50) ? random_value(choices, 2) : target;
        copy.column(std::to_string(id)).column(std::to_string(id % 2));
        copy.column(target.dump()).column(random_source(choices, target, 2).dump());
        copy.column(any_target.dump()).column(random_value(choices, 2).dump());
        copy.column(text_array(object_path(choices, target)));
        copy.column(steps_json(path)).column(text_array(path)).column(path_text(path));
        copy.column(value.dump()).column(key).end_row();
    }
    copy.end();
}

void copy_arrays(std::uint64_t seed, int cases) {
    Copy copy("arrays");
    for (int id = 0; id < cases; id++) {
        Choices choices(seed * 2000003 + static_cast<std::uint64_t>(id));
        Json target = random_object(choices, random_count(choices), 1);
        Json const list = random_elements(choices, "#id");
        if (!choices.chance(3))
            target.set("list", list);
        else
            target.members.erase(target.members.begin(), target.members.end());
        Json const wanted = wanted_id(choices, list, "#id");
        Json const none = empty(Json::Kind::object);
        std::size_t const at = find_element(list, "#id", wanted);
        const Json &element = at < list.items.size() ? list.items[at] : none;
        Json batch = empty(Json::Kind::array);
        for (std::uint32_t i = choices.below(choices.chance(80) ? 6 : 60); i > 0; i--) {
            Json update = empty(Json::Kind::object);
            update.set("match_value", wanted_id(choices, list, "#id"));
            update.set("updates", random_source(choices, element, 1));
            update.find("updates")->members.erase(
                std::remove_if(update.find("updates")->members.begin(), update.find("updates")->members.end(),
                               [](const auto &member) { return member.first == "#id"; }),
                update.find("updates")->members.end());
            batch.items.push_back(update);
        }
        Json fresh = random_object(choices, choices.below(6), 1);
        if (choices.chance(90))
            fresh.set("#id", wanted_id(choices, list, "#id"));
        if (choices.chance(5))
            fresh = random_value(choices, 1);
        Path const path = random_path(choices, element, true);
        copy.column(std::to_string(id)).column(std::to_string(id % 2));
        copy.column(target.dump()).column(wanted.dump()).column(random_source(choices, element, 1).dump());
        copy.column(batch.dump()).column(fresh.dump());
        copy.column(steps_json(path))
            .column(path_text(path))
            .column(random_value(choices, 2).dump())
            .end_row();
    }
    copy.end();
}

bool run(const Check &check) {
    std::string const sql =
        std::string("SELECT count(*), count(*) FILTER (WHERE differ), (array_agg(id) FILTER (WHERE "
                    "differ))[1:5] FROM "
                    "(SELECT id, record_image_ne(ROW(a), ROW(b)) AS differ FROM (SELECT id, ") +
        check.actual + " AS a, " + check.expected + " AS b FROM " + check.table +
        " OFFSET 0) AS computed) AS compared";
    PGresult *const result = PQexec(connection, sql.c_str());
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        std::printf("%s: %s", check.name, PQerrorMessage(connection));
        PQclear(result);
        return false;
    }
    bool const good =
        std::strcmp(PQgetvalue(result, 0, 1), "0") == 0 && std::strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    std::printf("%-38s %7s compared, %s different %s\n", check.name, PQgetvalue(result, 0, 0),
                PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 2));
    PQclear(result);
    return good;
}

} // namespace

int main(int argc, char **argv) {
    const char *conninfo = "";
    int cases = 12000;
    std::uint64_t seed = 1;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--conninfo") == 0)
            conninfo = argv[i + 1];
        else if (std::strcmp(argv[i], "--cases") == 0)
            cases = std::atoi(argv[i + 1]);
        else if (std::strcmp(argv[i], "--seed") == 0)
            seed = std::strtoull(argv[i + 1], nullptr, 10);
    }
    connection = PQconnectdb(conninfo);
    if (PQstatus(connection) != CONNECTION_OK)
        fail("no connection");
    execute("SET client_min_messages = warning");
    execute(schema);
    execute("CREATE TYPE pair AS (a jsonb, b jsonb)");
    copy_merges(seed, cases);
    copy_arrays(seed, cases);
    execute("ANALYZE merges, arrays");
    int passed = 0, failed = 0;
    for (const Check &check : checks)
        (run(check) ? passed : failed)++;
    PQfinish(connection);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
