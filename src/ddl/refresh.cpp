// ddl/refresh.cpp - see refresh.hpp. The privilege check and the audit row around refresh::full_refresh().
#include "ddl/refresh.hpp"

#include "catalog/audit.hpp"
#include "catalog/catalog.hpp"
#include "ddl/cascade.hpp"
#include "ddl/rights.hpp"
#include "pg/list.hpp"
#include "pg/memory.hpp"
#include "pg/names.hpp"
#include "refresh/refresh.hpp"

extern "C" {
#include "utils/acl.h"
#include "utils/timestamp.h"
}

namespace tviews::ddl {

namespace {

uint64 refresh_one(Oid table, const char *entity) {
    uint64 const rows = refresh::full_refresh(table);
    catalog::audit("REFRESH", entity, psprintf("{\"rows_changed\": " UINT64_FORMAT "}", rows));
    return rows;
}

// A TVIEW with its place in the order of refreshing.
struct Place {
    Oid table;
    const char *entity;
    int depth;
};

} // namespace

uint64 refresh(const char *name) {
    const catalog::Tview *const tview = catalog::resolve(name);
    require_owner(*tview);
    return refresh_one(tview->table, pstrdup(tview->entity));
}

void refresh_all(Tuplestorestate *rows, TupleDesc descriptor) {
    pg::vector<Place> places;
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all()))
        if (has_privs_of_role(GetUserId(), tview->owner))
            places.push_back({tview->table, pstrdup(tview->entity), cascade_depth(tview->table)});
    std::sort(places.begin(), places.end(), [](const Place &left, const Place &right) noexcept {
        return left.depth != right.depth ? left.depth < right.depth : left.table < right.table;
    });
    for (const Place &place : places) {
        if (catalog::find_by_table(place.table) == nullptr)
            continue;
        TimestampTz const begin = GetCurrentTimestamp();
        uint64 const changed = refresh_one(place.table, place.entity);
        double const milliseconds = static_cast<double>(GetCurrentTimestamp() - begin) / 1000.0;
        Datum values[] = {CStringGetTextDatum(place.entity), Int64GetDatum(static_cast<int64>(changed)),
                          Float8GetDatum(milliseconds)};
        bool nulls[] = {false, false, false};
        tuplestore_putvalues(rows, descriptor, values, nulls);
    }
}

} // namespace tviews::ddl
