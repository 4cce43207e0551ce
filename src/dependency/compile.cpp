// dependency/compile.cpp - the session's compiled TVIEWs: made on first use, dropped when out of date.
//
// Kept in a list under "pg_tviews compiled" in TopMemoryContext (dozens of TVIEWs, not thousands of look-ups: capture
// programs hold pointers). Invalidation callbacks only set flags. Out-of-date ones are destroyed at the next look-up;
// while pinned they are kept aside.
#include "dependency/invalidation.hpp"
#include "dependency/statistics.hpp"

#include "catalog/triggers.hpp"
#include "core/hash.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "rewrite/rewriteHandler.h"
#include "utils/typcache.h"
}

namespace tviews::dependency {

namespace {

struct Cache {
    explicit Cache(MemoryContext own) : context(own) {}
    MemoryContext context;
    pg::vector<Compiled *> current;
    pg::vector<Compiled *> retired; // out of date, but pinned
};

constinit Cache *cache = nullptr;
constinit CacheStatistics counted;

Cache &the_cache() {
    if (cache == nullptr) {
        MemoryContext const context =
            AllocSetContextCreate(TopMemoryContext, "pg_tviews compiled", ALLOCSET_SMALL_SIZES);
        cache = pg::make_in<Cache>(context, context);
    }
    return *cache;
}

uint64 hash_text(uint64 seed, const char *text) noexcept {
    return text == nullptr
               ? core::combine(seed, 1)
               : core::combine(seed,
                               core::hash_bytes(reinterpret_cast<const unsigned char *>(text), strlen(text)));
}

// Everything of the catalog row that compiling depends on.
uint64 fingerprint(const catalog::Tview &tview) {
    uint64 hash = core::combine(tview.table, tview.view);
    hash = core::combine(hash, tview.owner);
    hash = hash_text(hash_text(hash, tview.schema), tview.name);
    hash = core::combine(hash, tview.explicit_key);
    for (const char *column : pg::each<const char>(tview.key_columns))
        hash = hash_text(hash, column);
    pg::each_oid(tview.function_reads, [&](Oid oid) { hash = core::combine(hash, oid); });
    for (const catalog::Setting &setting : tview.settings)
        hash = hash_text(hash_text(hash, setting.name), setting.value);
    return hash;
}

uint64 signature(const definition::Shape &shape) {
    uint64 hash = shape.edges.size();
    for (const definition::Edge *edge : shape.edges) {
        hash = hash_text(hash_text(hash, edge->point_sql), edge->set_sql);
        hash = core::combine(hash, static_cast<uint64>(edge->rank));
        for (const definition::LinkColumn &column : edge->link)
            hash = core::combine(hash, column.type);
    }
    for (int column : shape.unit)
        hash = core::combine(hash, shape.columns[static_cast<std::size_t>(column)].type);
    if (shape.layout == nullptr)
        return hash;
    for (const char *path : shape.layout->paths)
        hash = hash_text(hash, path);
    for (const definition::SourceFeeds &feeds : shape.layout->sources) {
        hash = core::combine(core::combine(hash, feeds.confined), static_cast<uint64>(feeds.array + 1));
        for (const definition::Feed &feed : feeds.feeds)
            hash = core::combine(core::combine(hash, static_cast<uint64>(feed.attno)), feed.leaves);
    }
    for (const definition::ArrayLeaf &array : shape.layout->arrays)
        hash = core::combine(core::combine(hash, static_cast<uint64>(array.attno)), array.type);
    return hash;
}

// Every relation named in a query, and in the views among them. The caller's locks are on the view itself only; the
// names are watched for invalidations, not read.
void collect_relations(Query *query, List **relations) {
    auto visit = [&](Node *node) {
        if (!IsA(node, Query))
            return false;
        for (RangeTblEntry *rte : pg::each<RangeTblEntry>(reinterpret_cast<Query *>(node)->rtable)) {
            if (!OidIsValid(rte->relid) || list_member_oid(*relations, rte->relid))
                continue;
            *relations = lappend_oid(*relations, rte->relid);
            if (get_rel_relkind(rte->relid) == RELKIND_VIEW) {
                pg::OpenRelation const view(rte->relid, AccessShareLock);
                collect_relations(get_view_query(view.get()), relations);
            }
        }
        return false;
    };
    pg::walk(reinterpret_cast<Node *>(query), visit);
}

CompiledEdge *compile_edge(Compiled &tview, const definition::Edge *edge) {
    auto *result = pg::make_in<CompiledEdge>(tview.context);
    result->edge = edge;
    for (const definition::LinkColumn &column : edge->link)
        result->format.add_column(column.type);
    if (edge->by_value)
        for (const definition::Equality &equality : edge->equalities) {
            RegProcedure far;
            RegProcedure near;
            if (!get_op_hash_functions(equality.equality, &far, &near))
                elog(ERROR, "operator %u of an edge locked by value is not hashable", equality.equality);
            LinkHash hash{};
            hash.link = equality.link;
            hash.near_attno = equality.near_attno;
            hash.collation = equality.collation;
            fmgr_info_cxt(far, &hash.far, tview.context);
            fmgr_info_cxt(near, &hash.near, tview.context);
            result->hashes.push_back(hash);
        }
    auto const count = static_cast<int>(edge->link.size());
    if (edge->point_sql != nullptr) {
        result->point = pg::Plan(edge->point_sql, edge->types.data(), count, CURSOR_OPT_GENERIC_PLAN);
        tview.plans.push_back(&result->point);
    }
    if (edge->set_sql != nullptr) {
        result->set = pg::Plan(edge->set_sql, edge->array_types.data(), count, CURSOR_OPT_CUSTOM_PLAN);
        tview.plans.push_back(&result->set);
    }
    return result;
}

Compiled *compile(const catalog::Tview &tview) {
    MemoryContext const context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_tviews shape", ALLOCSET_DEFAULT_SIZES);
    MemoryContextCopyAndSetIdentifier(context, tview.name);
    pg::ScopedContext const scope(context);
    auto *result = pg::make_in<Compiled>(context);
    result->context = context;
    result->table = tview.table;
    result->view = tview.view;
    result->owner = tview.owner;
    result->partitioned = get_rel_relkind(tview.table) == RELKIND_PARTITIONED_TABLE;
    result->replica_maintained = catalog::replica_maintained(tview.table);
    result->fingerprint = fingerprint(tview);
    result->schema = pstrdup(tview.schema);
    result->name = pstrdup(tview.name);
    result->qualified = pg::qualified_name(tview.schema, tview.name);
    for (const char *column : pg::each<const char>(tview.key_columns))
        result->key_columns = lappend(result->key_columns, pstrdup(column));
    for (const catalog::Setting &setting : tview.settings)
        result->settings.push_back({pstrdup(setting.name), pstrdup(setting.value)});
    definition::Request request{};
    request.entity = pstrdup(tview.entity);
    if (tview.explicit_key)
        request.key_columns = result->key_columns;
    request.function_reads = list_copy(tview.function_reads);
    request.stale_sources = true; // or it would not have been created

    List *relations = list_make2_oid(tview.table, tview.view);
    {
        pg::OpenRelation const view(tview.view, AccessShareLock);
        result->qualified_view = pg::qualified_name(tview.view);
        auto *const query = static_cast<Query *>(copyObjectImpl(get_view_query(view.get())));
        collect_relations(query, &relations);
        result->shape = definition::analyze(query, request);
    }
    pg::each_oid(request.function_reads,
                 [&](Oid oid) { relations = list_append_unique_oid(relations, oid); });
    for (Oid relation : result->shape->relations) {
        relations = list_append_unique_oid(relations, relation);
        if (get_rel_relkind(relation) == RELKIND_MATVIEW)
            result->matviews.push_back(relation);
    }
    pg::each_oid(relations, [&](Oid oid) { result->involved.push_back(oid); });
    std::sort(result->involved.begin(), result->involved.end());

    for (const definition::Source *source : result->shape->sources) {
        const char *const name = get_rel_name(source->relation);
        result->source_names.push_back(name != nullptr ? name : "a dropped table");
    }
    for (const definition::Edge *edge : result->shape->edges)
        result->edges.push_back(compile_edge(*result, edge));
    for (int column : result->shape->unit)
        result->unit.add_column(result->shape->columns[static_cast<std::size_t>(column)].type);
    if (result->shape->layout != nullptr)
        for (const definition::ArrayLeaf &array : result->shape->layout->arrays) {
            result->ids.emplace_back();
            result->ids.back().add_column(array.type);
        }
    result->signature = signature(*result->shape);
    result->depth = depth(tview.table);
    return result;
}

void destroy(Compiled *tview) noexcept {
    for (pg::Plan *plan : tview->plans)
        plan->release();
    MemoryContextDelete(tview->context);
}

void retire(Cache &all, std::size_t index) {
    Compiled *const tview = all.current[index];
    all.current.erase(all.current.begin() + static_cast<std::ptrdiff_t>(index));
    counted.evictions++;
    if (tview->pins > 0)
        all.retired.push_back(tview);
    else
        destroy(tview);
    changed(); // programs hold pointers to it
}

} // namespace

Compiled *compiled(Oid table) {
    register_callbacks();
    Cache &all = the_cache();
    for (Compiled *found : all.current)
        if (found->table == table && !found->stale && found->generation == catalog::generation()) {
            counted.hits++;
            return found;
        }
    uint64 const generation = catalog::generation();
    const catalog::Tview *const tview = catalog::find_by_table(table);
    for (std::size_t i = 0; i < all.current.size(); i++)
        if (all.current[i]->table == table) {
            Compiled *const found = all.current[i];
            if (tview != nullptr && !found->stale && found->fingerprint == fingerprint(*tview)) {
                found->depth = depth(table);
                found->generation = generation;
                counted.hits++;
                return found;
            }
            retire(all, i);
            break;
        }
    if (tview == nullptr)
        return nullptr;
    counted.misses++;
    // Compiling takes locks, which accept invalidations; the ones for what is being compiled must not be missed.
    uint64 const before = invalidations();
    Compiled *const fresh = compile(*tview);
    fresh->stale = before != invalidations();
    all.current.reserve(all.current.size() + 1);
    MemoryContextSetParent(fresh->context, all.context);
    all.current.push_back(fresh);
    return fresh;
}

void relation_invalidated(Oid relation) noexcept {
    if (cache == nullptr)
        return;
    for (Compiled *tview : cache->current)
        if (!OidIsValid(relation) ||
            std::binary_search(tview->involved.begin(), tview->involved.end(), relation)) {
            tview->stale = true;
            changed();
        }
}

Pin::Pin(Compiled *tview) : tview_(tview), entered_(std::uncaught_exceptions()) { tview->pins++; }

Pin::~Pin() {
    if (std::uncaught_exceptions() == entered_)
        tview_->pins--;
}

void end_of_transaction() noexcept {
    if (cache == nullptr)
        return;
    for (Compiled *tview : cache->current)
        tview->pins = 0;
    for (Compiled *tview : cache->retired)
        destroy(tview);
    cache->retired.clear();
}

CacheStatistics compiled_statistics() {
    CacheStatistics result = counted;
    if (cache != nullptr) {
        result.entries = cache->current.size();
        result.bytes = MemoryContextMemAllocated(cache->context, true);
    }
    return result;
}

} // namespace tviews::dependency
