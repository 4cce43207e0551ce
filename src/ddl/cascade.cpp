// ddl/cascade.cpp - see cascade.hpp. A TVIEW on base tables only has depth 1.
#include "ddl/cascade.hpp"

#include "catalog/catalog.hpp"
#include "config/settings.hpp"
#include "errors/errors.hpp"
#include "pg/list.hpp"

namespace tviews::ddl {

namespace {

// Longest chain of TVIEWs that starts at `relation`; 0 for a base table. Raises TV301 when it meets `forbidden`. The
// existing graph has no cycle, so the recursion ends; a diamond of many levels is bounded by the depth limit.
int depth_of(Oid relation, Oid forbidden, const char *table_name) {
    check_stack_depth();
    const catalog::Tview *const tview = catalog::find_by_storage(relation);
    if (OidIsValid(forbidden) && tview != nullptr && tview->table == forbidden)
        ereport(ERROR, errcode(errors::dependency_cycle),
                errmsg("TVIEW \"%s\" would depend on itself", table_name),
                errdetail("A TVIEW that its definition reads is built on it, directly or through others."),
                errhint("Let the definition read base tables instead of the TVIEWs built on it."));
    if (tview == nullptr)
        return 0;
    int deepest = 0;
    pg::each_oid(tview->dependencies,
                 [&](Oid next) { deepest = std::max(deepest, depth_of(next, forbidden, table_name)); });
    return deepest + 1;
}

// Longest chain of TVIEWs built on `table`, without itself.
int height_above(Oid table) {
    check_stack_depth();
    int highest = 0;
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::dependents_of(table)))
        highest = std::max(highest, 1 + height_above(tview->table));
    return highest;
}

} // namespace

void check_cascade(Oid table, const char *table_name, const pg::vector<Oid> &relations) {
    int depth = 1;
    for (Oid relation : relations)
        depth = std::max(depth, 1 + depth_of(relation, table, table_name));
    int const total = depth + (OidIsValid(table) ? height_above(table) : 0);
    if (total > config::max_cascade_depth)
        ereport(ERROR, errcode(errors::cascade_depth_exceeded),
                errmsg("TVIEW \"%s\" makes a chain of %d TVIEWs, the limit is %d", table_name, total,
                       config::max_cascade_depth),
                errhint("Let it read base tables instead, or raise pg_tviews.max_cascade_depth."));
}

int cascade_depth(Oid relation) { return depth_of(relation, InvalidOid, nullptr); }

} // namespace tviews::ddl
