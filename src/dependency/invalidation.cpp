// dependency/invalidation.cpp - the relcache callback, and the cascade's graph.
//
// The graph holds an edge from each TVIEW to what it reads, where partitions stand for their TVIEW; it is rebuilt when the catalog's generation moves and lives
// in "pg_tviews graph" under TopMemoryContext.
#include "dependency/invalidation.hpp"

#include "core/dependency_graph.hpp"
#include "pg/list.hpp"

extern "C" {
#include "utils/inval.h"
}

namespace tviews::dependency {

namespace {

using Graph = core::DependencyGraph<pg::ContextAllocator>;

constinit uint64 current_epoch = 1;
constinit uint64 seen = 0;
constinit bool registered = false;
constinit Graph *graph = nullptr;
constinit uint64 graph_generation = 0;
constinit MemoryContext graph_context = nullptr;

void relation_changed(Datum, Oid relation) noexcept {
    seen++;
    relation_invalidated(relation);
    program_invalidated(relation);
}

// The TVIEW whose partition the relation is, or the relation itself.
Oid storage_of(Oid relation) {
    const catalog::Tview *const tview = catalog::find_by_storage(relation);
    return tview != nullptr ? tview->table : relation;
}

Graph &the_graph() {
    if (graph != nullptr && graph_generation == catalog::generation())
        return *graph;
    List *const tviews = catalog::all();
    graph = nullptr;
    if (graph_context == nullptr)
        graph_context = AllocSetContextCreate(TopMemoryContext, "pg_tviews graph", ALLOCSET_SMALL_SIZES);
    MemoryContextReset(graph_context);
    pg::ScopedContext const scope(graph_context);
    auto *fresh = pg::make_in<Graph>(graph_context);
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(tviews)) {
        fresh->add(tview->table);
        pg::each_oid(tview->dependencies, [&](Oid on) { fresh->add(tview->table, storage_of(on)); });
    }
    graph = fresh;
    graph_generation = catalog::generation();
    return *graph;
}

} // namespace

uint64 epoch() noexcept { return current_epoch; }
void changed() noexcept { current_epoch++; }
uint64 invalidations() noexcept { return seen; }

void register_callbacks() {
    if (registered)
        return;
    CacheRegisterRelcacheCallback(relation_changed, Datum(0));
    registered = true;
}

int depth(Oid relation) { return the_graph().depth(relation); }

List *upstream(Oid table) {
    Graph &all = the_graph();
    List *result = NIL;
    for (Oid oid : all.closure(storage_of(table)))
        result = lappend_oid(result, oid);
    return result;
}

} // namespace tviews::dependency
