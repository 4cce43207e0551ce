// catalog/meta.cpp - reads and writes the rows of pg_tview_meta.
//
// Rows are read by a plain heap scan under a catalog snapshot: no SPI, no permission checks, no planner, so that it
// works inside trigger functions, event triggers and pre-commit. The table is small (a row per TVIEW).
#include "catalog/meta.hpp"

#include "catalog/installed.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/rendering.hpp"

extern "C" {
#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "utils/array.h"
#include "utils/inval.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
}

namespace tviews::catalog {

namespace {

enum Column : int {
    entity_column = 1,
    view_oid_column,
    table_oid_column,
    definition_column,
    dependencies_column,
    fk_columns_column,
    uuid_fk_columns_column,
    dependency_types_column,
    dependency_paths_column,
    array_match_keys_column,
    created_at_column,
    key_columns_column,
    explicit_key_column,
    settings_column,
    options_column,
    function_reads_column,
    column_count = function_reads_column
};

// The columns of one stored row, detoasted as needed by the readers below.
class StoredRow {
  public:
    StoredRow(HeapTuple tuple, TupleDesc descriptor) {
        heap_deform_tuple(tuple, descriptor, values_, nulls_);
    }

    const char *string(Column column) const {
        return is_null(column) ? nullptr : TextDatumGetCString(value(column));
    }
    Oid oid(Column column) const { return is_null(column) ? InvalidOid : DatumGetObjectId(value(column)); }
    bool boolean(Column column) const { return !is_null(column) && DatumGetBool(value(column)); }
    const char *json(Column column) const {
        if (is_null(column))
            return "{}";
        return DatumGetCString(DirectFunctionCall1(jsonb_out, value(column)));
    }
    List *oids(Column column) const {
        List *result = NIL;
        elements(column, REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT,
                 [&](Datum element) { result = lappend_oid(result, DatumGetObjectId(element)); });
        return result;
    }
    List *texts(Column column) const {
        List *result = NIL;
        elements(column, TEXTOID, -1, false, TYPALIGN_INT,
                 [&](Datum element) { result = lappend(result, TextDatumGetCString(element)); });
        return result;
    }

  private:
    bool is_null(Column column) const { return nulls_[column - 1]; }
    Datum value(Column column) const { return values_[column - 1]; }

    template <typename F>
    void elements(Column column, Oid type, int length, bool by_value, char align, F &&visit) const {
        if (is_null(column))
            return;
        Datum *items;
        bool *nulls;
        int count;
        deconstruct_array(DatumGetArrayTypeP(value(column)), type, length, by_value, align, &items, &nulls,
                          &count);
        for (int i = 0; i < count; i++)
            if (!nulls[i])
                visit(items[i]);
    }

    Datum values_[column_count];
    bool nulls_[column_count];
};

MetaRow *make_row(HeapTuple tuple, TupleDesc descriptor) {
    StoredRow const stored(tuple, descriptor);
    auto *const row = pg::make_in<MetaRow>(CurrentMemoryContext);
    row->entity = stored.string(entity_column);
    row->view = stored.oid(view_oid_column);
    row->table = stored.oid(table_oid_column);
    row->definition = stored.string(definition_column);
    row->dependencies = stored.oids(dependencies_column);
    row->fk_columns = stored.texts(fk_columns_column);
    row->uuid_fk_columns = stored.texts(uuid_fk_columns_column);
    row->dependency_types = stored.texts(dependency_types_column);
    row->key_columns = stored.texts(key_columns_column);
    row->explicit_key = stored.boolean(explicit_key_column);
    row->settings = stored.json(settings_column);
    row->options = stored.json(options_column);
    row->function_reads = stored.oids(function_reads_column);
    return row;
}

Datum regclass_array(List *oids) {
    auto *items = static_cast<Datum *>(palloc(sizeof(Datum) * (list_length(oids) + 1)));
    for (int i = 0; i < list_length(oids); i++)
        items[i] = ObjectIdGetDatum(list_nth_oid(oids, i));
    return PointerGetDatum(
        construct_array(items, list_length(oids), REGCLASSOID, sizeof(Oid), true, TYPALIGN_INT));
}

Datum text_array(List *texts) {
    auto *items = static_cast<Datum *>(palloc(sizeof(Datum) * (list_length(texts) + 1)));
    int count = 0;
    for (const char *item : pg::each<const char>(texts))
        items[count++] = CStringGetTextDatum(item);
    return PointerGetDatum(construct_array(items, count, TEXTOID, -1, false, TYPALIGN_INT));
}

Datum to_jsonb(const char *json) { return DirectFunctionCall1(jsonb_in, CStringGetDatum(json)); }

List *empty_strings(int count) {
    List *result = NIL;
    for (int i = 0; i < count; i++)
        result = lappend(result, pstrdup(""));
    return result;
}

void fill(const MetaRow &row, Datum *values) {
    int const sources = list_length(row.dependencies);
    auto set = [&](Column column, Datum value) { values[column - 1] = value; };
    set(entity_column, CStringGetTextDatum(row.entity));
    set(view_oid_column, ObjectIdGetDatum(row.view));
    set(table_oid_column, ObjectIdGetDatum(row.table));
    set(definition_column, CStringGetTextDatum(row.definition));
    set(dependencies_column, regclass_array(row.dependencies));
    set(fk_columns_column, text_array(row.fk_columns));
    set(uuid_fk_columns_column, text_array(row.uuid_fk_columns));
    set(dependency_types_column, text_array(row.dependency_types));
    set(dependency_paths_column, text_array(empty_strings(sources)));
    set(array_match_keys_column, text_array(empty_strings(sources)));
    set(created_at_column, TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
    set(key_columns_column, text_array(row.key_columns));
    set(explicit_key_column, BoolGetDatum(row.explicit_key));
    set(settings_column, to_jsonb(row.settings));
    set(options_column, to_jsonb(row.options));
    set(function_reads_column, regclass_array(row.function_reads));
}

// pg_tview_meta opened with a lock that ends with the scope; get() is nullptr when there is no such table.
class MetaTable {
  public:
    explicit MetaTable(LOCKMODE lock) : lock_(lock) {
        Oid const id = meta_table();
        relation_ = OidIsValid(id) ? try_table_open(id, lock) : nullptr;
        // Another version of the extension's tables than this library knows: see extension_version().
        if (relation_ != nullptr && RelationGetNumberOfAttributes(relation_) < column_count)
            ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("the pg_tviews library is newer than the extension in this database"),
                    errhint("Run ALTER EXTENSION pg_tviews UPDATE."));
    }
    ~MetaTable() {
        if (relation_ != nullptr && std::uncaught_exceptions() == entered_)
            table_close(relation_, lock_);
    }
    MetaTable(const MetaTable &) = delete;
    MetaTable &operator=(const MetaTable &) = delete;
    Relation get() const noexcept { return relation_; }

    Relation require() const {
        if (relation_ == nullptr)
            ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table pg_tview_meta does not exist"),
                    errhint("Run CREATE EXTENSION pg_tviews in this database."));
        return relation_;
    }

  private:
    int entered_ = std::uncaught_exceptions();
    LOCKMODE lock_;
    Relation relation_;
};

// visit(tuple) for every visible row; it returns true to stop.
template <typename F> void scan(Relation meta, F &&visit) {
    SysScanDesc const rows = systable_beginscan(meta, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple const tuple = systable_getnext(rows))
        if (visit(tuple))
            break;
    systable_endscan(rows);
}

Oid table_of(HeapTuple tuple, TupleDesc descriptor) {
    bool is_null;
    Datum const value = heap_getattr(tuple, table_oid_column, descriptor, &is_null);
    return is_null ? InvalidOid : DatumGetObjectId(value);
}

void changed(Relation meta) {
    CacheInvalidateRelcache(meta);
    CommandCounterIncrement();
}

} // namespace

List *meta_rows() {
    MetaTable const meta(AccessShareLock);
    List *result = NIL;
    if (meta.get() != nullptr)
        scan(meta.get(), [&](HeapTuple tuple) {
            result = lappend(result, make_row(tuple, RelationGetDescr(meta.get())));
            return false;
        });
    return result;
}

MetaRow *meta_row(Oid table) {
    for (MetaRow *row : pg::each<MetaRow>(meta_rows()))
        if (row->table == table)
            return row;
    return nullptr;
}

void insert_meta_row(const MetaRow &row) {
    MetaTable const meta(RowExclusiveLock);
    Datum values[column_count];
    bool nulls[column_count] = {};
    fill(row, values);
    CatalogTupleInsert(meta.require(), heap_form_tuple(RelationGetDescr(meta.get()), values, nulls));
    changed(meta.get());
}

void update_meta_row(const MetaRow &row) {
    MetaTable const meta(RowExclusiveLock);
    TupleDesc const descriptor = RelationGetDescr(meta.require());
    Datum values[column_count];
    bool nulls[column_count] = {};
    bool replace[column_count];
    std::fill(std::begin(replace), std::end(replace), true);
    replace[created_at_column - 1] = false;
    fill(row, values);
    scan(meta.get(), [&](HeapTuple tuple) {
        if (table_of(tuple, descriptor) != row.table)
            return false;
        HeapTuple const fresh = heap_modify_tuple(tuple, descriptor, values, nulls, replace);
        CatalogTupleUpdate(meta.get(), &fresh->t_self, fresh);
        return true;
    });
    changed(meta.get());
}

void delete_meta_row(Oid table) {
    MetaTable const meta(RowExclusiveLock);
    if (meta.get() == nullptr)
        return;
    TupleDesc const descriptor = RelationGetDescr(meta.get());
    scan(meta.get(), [&](HeapTuple tuple) {
        if (table_of(tuple, descriptor) == table)
            CatalogTupleDelete(meta.get(), &tuple->t_self);
        return false;
    });
    changed(meta.get());
}

void announce_meta_change() {
    Oid const meta = meta_table();
    if (OidIsValid(meta))
        CacheInvalidateRelcacheByRelid(meta);
}

const char *rendering_settings() {
    StringInfoData json;
    initStringInfo(&json);
    appendStringInfoChar(&json, '{');
    for (const char *name : pg::rendering_names) {
        const char *const value = GetConfigOption(name, true, false);
        if (value == nullptr)
            continue;
        if (json.len > 1)
            appendStringInfoChar(&json, ',');
        escape_json(&json, name);
        appendStringInfoChar(&json, ':');
        escape_json(&json, value);
    }
    appendStringInfoChar(&json, '}');
    return json.data;
}

} // namespace tviews::catalog
