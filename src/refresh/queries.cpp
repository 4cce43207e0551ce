// refresh/queries.cpp - see queries.hpp. Built once per compiled TVIEW, in its context, which also releases the plans.
//
// Names are qualified throughout and operators written OPERATOR(schema.name), although the statements run with a pinned
// search_path: the equality of a key column may be anywhere.
#include "refresh/queries.hpp"

#include "pg/compat.hpp"
#include "pg/names.hpp"

namespace tviews::refresh {

namespace {

class SqlWriter {
  public:
    SqlWriter(dependency::Compiled &tview, Queries &result)
        : tview_(tview), shape_(*tview.shape), result_(result) {}

    void write() {
        for (int column : shape_.unit) {
            definition::OutputColumn const &unit = shape_.columns[static_cast<std::size_t>(column)];
            Oid const array = get_array_type(unit.type);
            result_.unit_types.push_back(unit.type);
            result_.unit_arrays.push_back(array);
            result_.has_arrays = result_.has_arrays && OidIsValid(array);
            result_.image_equal =
                result_.image_equal && pg::equal_values_look_equal(unit.type, unit.collation);
        }
        result_.unit_is_key = shape_.unit.size() == shape_.key.size();

        plan(result_.point,
             psprintf("SELECT %s FROM %s AS v WHERE %s%s", columns("v"), rows(), unit_equals("v", "$", ""),
                      not_null("v", " AND ")),
             one(), CURSOR_OPT_GENERIC_PLAN);
        plan(result_.stored,
             psprintf("SELECT %s FROM %s AS t WHERE %s", place(), stored_rows(), unit_equals("t", "$", "")),
             one(), CURSOR_OPT_GENERIC_PLAN);
        if (result_.has_arrays) {
            const char *const nested =
                psprintf("SELECT n.*, true AS \"?present\" FROM %s CROSS JOIN LATERAL "
                         "(SELECT %s FROM %s AS v WHERE %s%s OFFSET 0) AS n",
                         units(), columns("v"), rows(), unit_equals("v", "l.k", ""), not_null("v", " AND "));
            const char *const bulk = psprintf("SELECT %s, true AS \"?present\" FROM %s AS v%s%s",
                                              columns("v"), rows(), among_units("v"), not_null("v", " AND "));
            const char *const stored = psprintf("SELECT %s, %s FROM %s AS t%s", place(), columns("t"),
                                                stored_rows(), among_units("t"));
            plan(result_.nested, difference(nested, stored), many(), CURSOR_OPT_GENERIC_PLAN);
            plan(result_.bulk, difference(bulk, stored), many(), CURSOR_OPT_CUSTOM_PLAN);
            plan(result_.stored_many,
                 psprintf("SELECT %s FROM %s AS t%s", place(), stored_rows(), among_units("t")), many(),
                 CURSOR_OPT_CUSTOM_PLAN);
        }
        const char *const everything =
            psprintf("SELECT %s, true AS \"?present\" FROM %s AS v%s", columns("v"), tview_.qualified_view,
                     not_null_anywhere("v", " WHERE "));
        plan(result_.full,
             difference(everything,
                        psprintf("SELECT %s, %s FROM %s AS t", place(), columns("t"), stored_rows())),
             nullptr, CURSOR_OPT_CUSTOM_PLAN);
        plan(result_.stored_all, psprintf("SELECT %s FROM %s AS t", place(), stored_rows()), nullptr, 0);
        plan(result_.count, psprintf("SELECT count(*) FROM %s AS t", stored_rows()), nullptr, 0);
        plan(result_.populate,
             psprintf("SELECT %s FROM %s AS v%s", columns("v"), tview_.qualified_view,
                      not_null_anywhere("v", " WHERE ")),
             nullptr, CURSOR_OPT_CUSTOM_PLAN);
        plan(result_.repeated,
             psprintf("SELECT %s FROM %s AS v%s GROUP BY %s HAVING count(*) > 1 LIMIT 1", repeated_columns(),
                      tview_.qualified_view, not_null_anywhere("v", " WHERE "), key_columns("v")),
             nullptr, 0);
    }

    void write(PatchQueries &patch) {
        const char *const reduced = reduced_sql(patch.part);
        bool const single = patch.part.elements != 0;
        patch.types = result_.unit_types;
        for (const definition::ArrayLeaf &array : shape_.layout->arrays)
            if (single)
                patch.types.push_back(patch.part.one ? array.type : get_array_type(array.type));
        plan(patch.point,
             psprintf("SELECT v.* FROM (%s) AS v WHERE %s%s", reduced, unit_equals("v", "$", ""),
                      not_null("v", " AND ")),
             &patch.types, single && !patch.part.one ? CURSOR_OPT_CUSTOM_PLAN : CURSOR_OPT_GENERIC_PLAN);
        if (single || !result_.has_arrays)
            return;
        plan(patch.nested,
             psprintf(
                 "SELECT n.* FROM %s CROSS JOIN LATERAL (SELECT v.* FROM (%s) AS v WHERE %s%s OFFSET 0) AS n",
                 units(), reduced, unit_equals("v", "l.k", ""), not_null("v", " AND ")),
             many(), CURSOR_OPT_GENERIC_PLAN);
        plan(patch.bulk,
             psprintf("SELECT v.* FROM (%s) AS v%s%s", reduced, among_units("v"), not_null("v", " AND ")),
             many(), CURSOR_OPT_CUSTOM_PLAN);
    }

  private:
    // Deparsing leaves much behind.
    const char *reduced_sql(const definition::Part &part) const {
        MemoryContext const context =
            AllocSetContextCreate(CurrentMemoryContext, "pg_tviews deparse", ALLOCSET_DEFAULT_SIZES);
        const char *text;
        {
            pg::ScopedContext const scope(context);
            text = MemoryContextStrdup(tview_.context, definition::reduced_query(*shape_.layout, part));
        }
        MemoryContextDelete(context);
        return text;
    }

    using Types = const pg::vector<Oid> *;
    Types one() const { return &result_.unit_types; }
    Types many() const { return &result_.unit_arrays; }

    void plan(pg::Plan &slot, const char *sql, Types types, int options) {
        slot = types == nullptr ? pg::Plan(sql, nullptr, 0, options)
                                : pg::Plan(sql, types->data(), static_cast<int>(types->size()), options);
        tview_.plans.push_back(&slot);
    }

    // The definition's rows. A restriction to some keys reaches into subqueries but not into WITH queries.
    const char *rows() const {
        return shape_.inlined_sql != nullptr ? psprintf("(%s)", shape_.inlined_sql) : tview_.qualified_view;
    }

    // The rows of a partitioned table are its partitions'; no other table has children that count.
    const char *stored_rows() const {
        return tview_.partitioned ? tview_.qualified : psprintf("ONLY %s", tview_.qualified);
    }
    const char *place() const { return tview_.partitioned ? "t.ctid, t.tableoid" : "t.ctid"; }

    const char *name(int column) const {
        return pg::quoted(shape_.columns[static_cast<std::size_t>(column)].name);
    }
    Oid type(int column) const { return shape_.columns[static_cast<std::size_t>(column)].type; }

    const char *columns(const char *alias) const {
        StringInfoData text;
        initStringInfo(&text);
        for (std::size_t i = 0; i < shape_.columns.size(); i++)
            appendStringInfo(&text, "%s%s.%s", i > 0 ? ", " : "", alias, name(static_cast<int>(i)));
        return text.data;
    }

    const char *key_columns(const char *alias) const {
        StringInfoData text;
        initStringInfo(&text);
        for (int column : shape_.key)
            appendStringInfo(&text, "%s%s.%s", text.len > 0 ? ", " : "", alias, name(column));
        return text.data;
    }

    // The key where a row has it, NULL elsewhere, so that key_text() can read it.
    const char *repeated_columns() const {
        StringInfoData text;
        initStringInfo(&text);
        for (std::size_t i = 0; i < shape_.columns.size(); i++) {
            auto const column = static_cast<int>(i);
            bool const key = std::find(shape_.key.begin(), shape_.key.end(), column) != shape_.key.end();
            appendStringInfo(&text, "%s%s%s", i > 0 ? ", " : "", key ? "v." : "",
                             key ? name(column) : "NULL");
        }
        return text.data;
    }

    // alias.u1 = <prefix>1<suffix> AND ...
    const char *unit_equals(const char *alias, const char *prefix, const char *suffix) const {
        StringInfoData text;
        initStringInfo(&text);
        int number = 0;
        for (int column : shape_.unit)
            appendStringInfo(&text, "%s%s.%s %s %s%d%s", number > 0 ? " AND " : "", alias, name(column),
                             pg::equality_operator(type(column)), prefix, number + 1, suffix),
                number++;
        return text.data;
    }

    // unnest($1, $2) AS l(k1, k2); without repetitions, if equal values may come in several images
    const char *units() const {
        StringInfoData parameters;
        StringInfoData names;
        initStringInfo(&parameters);
        initStringInfo(&names);
        for (std::size_t i = 0; i < shape_.unit.size(); i++) {
            appendStringInfo(&parameters, "%s$%zu", i > 0 ? ", " : "", i + 1);
            appendStringInfo(&names, "%sk%zu", i > 0 ? ", " : "", i + 1);
        }
        if (result_.image_equal)
            return psprintf("unnest(%s) AS l(%s)", parameters.data, names.data);
        return psprintf("(SELECT DISTINCT * FROM unnest(%s) AS u(%s)) AS l(%s)", parameters.data, names.data,
                        names.data);
    }

    // What follows a table to restrict it to the units; always ends in a condition.
    const char *among_units(const char *alias) const {
        if (shape_.unit.size() == 1)
            return psprintf(" WHERE %s.%s %s ANY ($1)", alias, name(shape_.unit[0]),
                            pg::equality_operator(type(shape_.unit[0])));
        return psprintf(" JOIN %s ON true WHERE %s", units(), unit_equals(alias, "l.k", ""));
    }

    // Key columns outside the unit may be NULL: such a row has no identity.
    const char *not_null(const char *alias, const char *prefix) const {
        StringInfoData text;
        initStringInfo(&text);
        for (int column : shape_.key)
            if (std::find(shape_.unit.begin(), shape_.unit.end(), column) == shape_.unit.end())
                appendStringInfo(&text, "%s%s.%s IS NOT NULL", prefix, alias, name(column));
        return text.data;
    }

    // Asked for of every key: whether a computed one may be NULL is not known beforehand.
    const char *not_null_anywhere(const char *alias, const char *first) const {
        StringInfoData text;
        initStringInfo(&text);
        for (int column : shape_.key)
            appendStringInfo(&text, "%s%s.%s IS NOT NULL", text.len > 0 ? " AND " : first, alias,
                             name(column));
        return text.data;
    }

    // Rows with the same image are returned too: a key that comes twice must not go unnoticed.
    const char *difference(const char *recomputed, const char *stored) const {
        StringInfoData join;
        initStringInfo(&join);
        for (int column : shape_.key)
            appendStringInfo(&join, "%sn.%s %s t.%s", join.len > 0 ? " AND " : "", name(column),
                             pg::equality_operator(type(column)), name(column));
        return psprintf(
            "SELECT %s, t.ctid, ROW(%s)::pg_catalog.record OPERATOR(pg_catalog.*=) "
            "ROW(%s)::pg_catalog.record, n.\"?present\"%s FROM (%s) AS n FULL JOIN (%s) AS t ON %s",
            columns("n"), columns("n"), columns("t"), tview_.partitioned ? ", t.tableoid" : "", recomputed,
            stored, join.data);
    }

    dependency::Compiled &tview_;
    const definition::Shape &shape_;
    Queries &result_;
};

} // namespace

Queries &queries(dependency::Compiled &tview) {
    if (tview.maintenance == nullptr) {
        pg::ScopedContext const scope(tview.context);
        auto *result = pg::make_in<Queries>(tview.context);
        SqlWriter(tview, *result).write();
        tview.maintenance = result;
    }
    return *static_cast<Queries *>(tview.maintenance);
}

PatchQueries *patch_queries(dependency::Compiled &tview, const definition::Part &part) {
    constexpr std::size_t most = 32;
    Queries &all = queries(tview);
    for (PatchQueries *known : all.patches)
        if (known->part == part)
            return known;
    if (all.patches.size() >= most)
        return nullptr;
    pg::ScopedContext const scope(tview.context);
    auto *fresh = pg::make_in<PatchQueries>(tview.context);
    fresh->part = part;
    SqlWriter(tview, all).write(*fresh);
    all.patches.push_back(fresh);
    return fresh;
}

const char *key_text(const dependency::Compiled &tview, TupleTableSlot *row) {
    pg::vector<Datum> values(tview.shape->key.size());
    auto *const nulls = static_cast<bool *>(palloc0(values.size() + 1));
    for (std::size_t i = 0; i < values.size(); i++)
        values[i] = slot_getattr(row, tview.shape->key[i] + 1, &nulls[i]);
    return key_text(tview, values.data(), nulls);
}

const char *key_text(const dependency::Compiled &tview, const Datum *key, const bool *nulls) {
    StringInfoData names;
    StringInfoData values;
    initStringInfo(&names);
    initStringInfo(&values);
    for (std::size_t i = 0; i < tview.shape->key.size(); i++) {
        auto const column = static_cast<std::size_t>(tview.shape->key[i]);
        definition::OutputColumn const &output = tview.shape->columns[column];
        Oid function;
        bool varlena;
        getTypeOutputInfo(output.type, &function, &varlena);
        const char *const separator = names.len > 0 ? ", " : "";
        appendStringInfo(&names, "%s%s", separator, output.name);
        appendStringInfo(&values, "%s%s", separator,
                         nulls[i] ? "null" : OidOutputFunctionCall(function, key[i]));
    }
    return psprintf("(%s)=(%s)", names.data, values.data);
}

} // namespace tviews::refresh
