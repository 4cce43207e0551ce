// catalog/catalog.cpp - the session's cache of pg_tview_meta, and how it notices that it is out of date.
//
// Everything lives in "pg_tviews catalog cache" under CacheMemoryContext. Invalidation callbacks touch no catalog and
// free nothing: they mark the cache stale. The next find builds a new cache and gives the old context to the running
// transaction, so that pointers handed out before stay readable until it ends.
#include "catalog/catalog.hpp"

#include "catalog/installed.hpp"
#include "catalog/meta.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "parser/parse_func.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
}

namespace tviews::catalog {

namespace {

struct Cache {
    MemoryContext context = nullptr;
    Oid schema = InvalidOid;
    Oid meta = InvalidOid;
    Oid capture = InvalidOid;
    Oid guard = InvalidOid;
    const char *version = nullptr;
    bool other_version = false;   // not this library's: nothing below is filled
    pg::vector<Tview *> by_table; // ordered by table
    pg::vector<Tview *> by_view;  // ordered by view
    // Partitions of TVIEWs with their TVIEW, ordered by partition.
    pg::vector<std::pair<Oid, const Tview *>> partitions;
    pg::vector<Oid> watched; // ordered: tables, views and dependencies of all TVIEWs
};

constinit Cache *cache = nullptr;
constinit bool stale = true;
constinit bool loading = false; // a failed load leaves it set until the next one: needless invalidations only
constinit bool callbacks_registered = false;
constinit uint64 current_generation = 1;
constinit uint64 current_roles = 1;

void invalidate() noexcept {
    stale = true;
    current_generation++;
}

// InvalidOid means "anything may have changed". While the extension is absent every change may be its creation.
void relation_changed(Datum, Oid relation) noexcept {
    if (loading) {
        invalidate();
        return;
    }
    if (cache == nullptr)
        return;
    if (!OidIsValid(relation) || !OidIsValid(cache->meta) || relation == cache->meta ||
        std::binary_search(cache->watched.begin(), cache->watched.end(), relation))
        invalidate();
}

void roles_changed(Datum, int, uint32) noexcept { current_roles++; }

void schema_changed(Datum, int, uint32) noexcept { invalidate(); }

// {"name": "value", ...} into Tview::settings.
void read_settings(const char *json, pg::vector<Setting> &settings) {
    Jsonb *const object = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
    JsonbIterator *iterator = JsonbIteratorInit(&object->root);
    const char *name = nullptr;
    JsonbValue value;
    for (JsonbIteratorToken token; (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;) {
        if (token == WJB_KEY)
            name = pnstrdup(value.val.string.val, value.val.string.len);
        else if (token == WJB_VALUE && value.type == jbvString && name != nullptr)
            settings.push_back({name, pnstrdup(value.val.string.val, value.val.string.len)});
    }
}

// Looks the extension up. pg_extension has no syscache before 18, so this is a scan by index.
void find_extension(Cache &fresh) {
    Relation const extensions = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
                CStringGetDatum("pg_tviews"));
    SysScanDesc const scan = systable_beginscan(extensions, ExtensionNameIndexId, true, nullptr, 1, &key);
    HeapTuple const tuple = systable_getnext(scan);
    if (HeapTupleIsValid(tuple)) {
        fresh.schema = reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extnamespace;
        bool is_null;
        Datum const version =
            heap_getattr(tuple, Anum_pg_extension_extversion, RelationGetDescr(extensions), &is_null);
        if (!is_null)
            fresh.version = TextDatumGetCString(version);
    }
    systable_endscan(scan);
    table_close(extensions, AccessShareLock);
    if (OidIsValid(fresh.schema))
        fresh.meta = get_relname_relid("pg_tview_meta", fresh.schema);
}

// nullptr when the table or the view is gone: its row is about to go too.
Tview *make_tview(MemoryContext context, const MetaRow &row) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(row.table));
    if (!HeapTupleIsValid(tuple))
        return nullptr;
    auto const form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
    const char *const schema = get_namespace_name(form->relnamespace);
    if (schema == nullptr || !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(row.view))) {
        ReleaseSysCache(tuple);
        return nullptr;
    }
    auto *tview = pg::make_in<Tview>(context);
    tview->table = row.table;
    tview->view = row.view;
    tview->owner = form->relowner;
    tview->entity = row.entity;
    tview->schema = schema;
    tview->name = pstrdup(NameStr(form->relname));
    tview->key_columns = row.key_columns;
    tview->explicit_key = row.explicit_key;
    tview->dependencies = row.dependencies;
    tview->function_reads = row.function_reads;
    read_settings(row.settings, tview->settings);
    ReleaseSysCache(tuple);
    return tview;
}

bool by_table(const Tview *left, const Tview *right) noexcept { return left->table < right->table; }
bool by_view(const Tview *left, const Tview *right) noexcept { return left->view < right->view; }

// Do two versions agree up to the second dot? What a database and the library have in common changes with these only.
bool same_release(const char *left, const char *right) noexcept {
    auto const length = [](const char *version) {
        const char *const dot = strchr(version, '.');
        const char *const second = dot == nullptr ? nullptr : strchr(dot + 1, '.');
        return second == nullptr ? strlen(version) : static_cast<std::size_t>(second - version);
    };
    return length(left) == length(right) && strncmp(left, right, length(left)) == 0;
}

// Reads everything into a new context, which belongs to the caller's context until it is complete.
Cache *load() {
    MemoryContext const context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_tviews catalog cache", ALLOCSET_SMALL_SIZES);
    pg::ScopedContext const scope(context);
    auto *fresh = pg::make_in<Cache>(context);
    fresh->context = context;
    find_extension(*fresh);
    fresh->other_version = fresh->version != nullptr && !same_release(fresh->version, library_version);
    if (!OidIsValid(fresh->meta) || fresh->other_version)
        return fresh;
    auto const function = [&](const char *name) {
        List *const parts =
            list_make2(makeString(get_namespace_name(fresh->schema)), makeString(pstrdup(name)));
        return LookupFuncName(parts, 0, nullptr, true);
    };
    fresh->capture = function("pg_tviews_internal_capture");
    fresh->guard = function("pg_tviews_internal_guard");
    for (MetaRow *row : pg::each<MetaRow>(meta_rows())) {
        Tview *const tview = make_tview(context, *row);
        if (tview == nullptr)
            continue;
        fresh->by_table.push_back(tview);
        if (get_rel_relkind(tview->table) == RELKIND_PARTITIONED_TABLE)
            pg::each_oid(find_all_inheritors(tview->table, NoLock, nullptr),
                         [&](Oid partition) { fresh->partitions.emplace_back(partition, tview); });
        fresh->watched.push_back(tview->table);
        fresh->watched.push_back(tview->view);
        pg::each_oid(tview->dependencies, [&](Oid oid) { fresh->watched.push_back(oid); });
    }
    fresh->by_view = fresh->by_table;
    std::sort(fresh->by_table.begin(), fresh->by_table.end(), by_table);
    std::sort(fresh->by_view.begin(), fresh->by_view.end(), by_view);
    std::sort(fresh->partitions.begin(), fresh->partitions.end());
    std::sort(fresh->watched.begin(), fresh->watched.end());
    return fresh;
}

const Cache &current() {
    if (!stale)
        return *cache;
    if (!callbacks_registered) {
        CacheRegisterRelcacheCallback(relation_changed, Datum(0));
        CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, Datum(0));
        CacheRegisterSyscacheCallback(AUTHOID, roles_changed, Datum(0));
        CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, roles_changed, Datum(0));
        callbacks_registered = true;
    }
    // Reading the catalog accepts invalidations, and one of them may be about what has just been read.
    for (int attempt = 0; attempt < 5; attempt++) {
        uint64 const before = current_generation;
        loading = true;
        Cache *const fresh = load();
        loading = false;
        MemoryContextSetParent(fresh->context, CacheMemoryContext);
        if (cache != nullptr)
            MemoryContextSetParent(cache->context, TopTransactionContext);
        cache = fresh;
        // Nothing tells of the row of pg_extension that ends another version.
        stale = before != current_generation || fresh->other_version;
        if (!stale || fresh->other_version)
            break;
    }
    return *cache;
}

// The same, for who has to know about TVIEWs.
const Cache &usable() {
    const Cache &now = current();
    if (now.other_version)
        ereport(
            ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("the pg_tviews library is version %s, but the extension in this database is version %s",
                   library_version, now.version),
            errdetail("TVIEWs cannot be kept up to date, so what would change them is refused."),
            errhint(
                "After an upgrade of the library run ALTER EXTENSION pg_tviews UPDATE. A session that has "
                "loaded the library before has to connect again."));
    return now;
}

} // namespace

Oid meta_table() {
    // Not current().meta: meta_rows() calls this while the cache is being built.
    Cache probe;
    find_extension(probe);
    return probe.meta;
}

Oid extension_schema() { return current().schema; }

Oid capture_function() { return usable().capture; }
Oid guard_function() { return usable().guard; }

const char *extension_version() { return current().version; }

bool version_fits() { return !current().other_version; }

uint64 generation() { return current_generation; }

uint64 roles_generation() { return current_roles; }

const Tview *find_by_table(Oid table) {
    const Cache &now = usable();
    auto const found = std::lower_bound(now.by_table.begin(), now.by_table.end(), table,
                                        [](const Tview *tview, Oid oid) { return tview->table < oid; });
    return found != now.by_table.end() && (*found)->table == table ? *found : nullptr;
}

const Tview *find_by_storage(Oid relation) {
    if (const Tview *const tview = find_by_table(relation))
        return tview;
    const Cache &now = usable();
    auto const found = std::lower_bound(now.partitions.begin(), now.partitions.end(), relation,
                                        [](auto const &entry, Oid oid) { return entry.first < oid; });
    return found != now.partitions.end() && found->first == relation ? found->second : nullptr;
}

const Tview *find_by_view(Oid view) {
    const Cache &now = usable();
    auto const found = std::lower_bound(now.by_view.begin(), now.by_view.end(), view,
                                        [](const Tview *tview, Oid oid) { return tview->view < oid; });
    return found != now.by_view.end() && (*found)->view == view ? *found : nullptr;
}

List *all() {
    List *result = NIL;
    for (Tview *tview : usable().by_table)
        result = lappend(result, tview);
    return result;
}

List *dependents_of(Oid relation) {
    const Cache &now = usable();
    List *result = NIL;
    if (!std::binary_search(now.watched.begin(), now.watched.end(), relation))
        return result;
    for (Tview *tview : now.by_table)
        if (list_member_oid(tview->dependencies, relation))
            result = lappend(result, tview);
    return result;
}

} // namespace tviews::catalog
