// compare.cpp - the SQL of the comparisons. See compare.hpp.

#include "compare.hpp"

#include <fmt/format.h>

namespace oracle {

namespace {

std::string images(const std::string &rows) {
    return fmt::format(
        "(SELECT array_agg(x.i ORDER BY x.i COLLATE \"C\") FROM (SELECT r::text AS i FROM ({}\n) r) x)",
        rows);
}

std::string equal_images(const FlatTview &tview, const std::string &truth) {
    return fmt::format("{} IS NOT DISTINCT FROM {}", images("SELECT * FROM " + identifier(tview.table_name)),
                       images(truth));
}

} // namespace

std::string view_rows(const FlatTview &tview) {
    return fmt::format("SELECT * FROM {} v WHERE {}", identifier(tview.view_name),
                       key_not_null(tview.keys, "v"));
}

std::string original_rows(const FlatTview &tview) {
    return fmt::format("SELECT * FROM ({}\n) q WHERE {}", tview.select, key_not_null(tview.keys, "q"));
}

std::string compare_query(const std::vector<const FlatTview *> &tviews) {
    std::string out;
    for (const FlatTview *tview : tviews)
        out += (out.empty() ? "SELECT " : ",\n       ") + equal_images(*tview, view_rows(*tview));
    return out;
}

std::string compare_original_query(const FlatTview &tview) {
    return "SELECT " + equal_images(tview, original_rows(tview));
}

std::string columns_query(const FlatTview &tview, const std::string &schema) {
    auto columns = [&](const std::string &relation) {
        return fmt::format("(SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || ' ' || "
                           "attcollation, ', ' ORDER BY attnum) FROM pg_attribute "
                           "WHERE attrelid = {}::regclass AND attnum > 0 AND NOT attisdropped)",
                           quote(identifier(schema) + "." + identifier(relation)));
    };
    return fmt::format("SELECT {}, {}", columns(tview.table_name), columns(tview.view_name));
}

std::string except_query(const FlatTview &tview) {
    const std::string stored = "SELECT * FROM " + identifier(tview.table_name);
    return fmt::format(
        "SELECT (SELECT count(*) FROM ({0} EXCEPT ALL {1}) a), (SELECT count(*) FROM ({1} EXCEPT ALL {0}) b)",
        stored, view_rows(tview));
}

std::string describe_difference(Connection &connection, const FlatTview &tview, const std::string &truth) {
    std::string out = fmt::format("{} differs from its definition{}\n", tview.table_name,
                                  tview.unordered ? " (which has aggregates without ORDER BY)" : "");
    const std::string stored =
        fmt::format("SELECT r::text FROM (SELECT * FROM {}) r", identifier(tview.table_name));
    const std::string wanted = fmt::format("SELECT r::text FROM ({}\n) r", truth);
    auto show = [&](const char *title, const std::string &a, const std::string &b) {
        const Answer answer =
            connection.execute(fmt::format("({}) EXCEPT ALL ({}) ORDER BY 1 LIMIT 5", a, b));
        if (!answer.ok)
            out += fmt::format("  {}: {}", title, answer.message);
        for (const auto &row : answer.rows)
            out += fmt::format("  {}: {}\n", title, row.size() > 1500 ? row.substr(0, 1500) + "..." : row);
    };
    show("only in the table", stored, wanted);
    show("only in the definition", wanted, stored);
    return out;
}

std::string table_contents_query(const std::string &table) {
    return fmt::format(
        "SELECT coalesce(string_agg(r::text, E'\\n' ORDER BY r::text COLLATE \"C\"), '') FROM {} r",
        identifier(table));
}

} // namespace oracle
