// monitor/stats.cpp - the SQL functions behind pg_tviews_stats and pg_tviews_performance_summary, and what resets them.
#include "catalog/catalog.hpp"
#include "monitor/statistics.hpp"
#include "pg/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

namespace tviews::monitor {

namespace {

double milliseconds(uint64 microseconds) noexcept { return static_cast<double>(microseconds) / 1000; }

// Values of a row, one after the other.
class Row {
  public:
    void oid(Oid value) noexcept { put(ObjectIdGetDatum(value)); }
    void number(uint64 value) noexcept { put(Int64GetDatum(static_cast<int64>(value))); }
    void time(uint64 value) noexcept {
        put(TimestampTzGetDatum(static_cast<TimestampTz>(value)), value == 0);
    }
    void real(double value, bool null) { put(Float8GetDatum(value), null); }
    void store(const ReturnSetInfo *result) {
        Assert(count_ == result->setDesc->natts);
        tuplestore_putvalues(result->setResult, result->setDesc, values_, nulls_);
    }

  private:
    void put(Datum value, bool null = false) noexcept {
        values_[count_] = value;
        nulls_[count_++] = null;
    }
    Datum values_[32];
    bool nulls_[32];
    int count_ = 0;
};

void put(const ReturnSetInfo *result, const Statistics &statistics) {
    const Counters &counters = statistics.counters;
    Row row;
    row.oid(statistics.table);
    row.number(counters.refreshes);
    row.number(counters.keys);
    row.number(counters.inserted);
    row.number(counters.updated);
    row.number(counters.deleted);
    row.number(counters.unchanged);
    row.number(counters.patched);
    row.number(counters.recomputed);
    row.number(counters.full_refreshes);
    row.number(counters.lock_waits);
    row.number(counters.errors);
    row.number(counters.cache_misses);
    row.number(counters.timed);
    row.real(milliseconds(counters.microseconds), false);
    row.real(milliseconds(counters.longest), false);
    row.time(counters.last);
    row.time(static_cast<uint64>(statistics.since));
    row.store(result);
}

// Below which 95 of 100 durations are, as far as their classes tell: evenly distributed in each, none above the longest.
double percentile_95(const Hour &hour) noexcept {
    double const wanted = 0.95 * static_cast<double>(hour.timed);
    double below = 0;
    for (std::size_t i = 0; i < duration_classes; i++) {
        auto const here = static_cast<double>(hour.durations[i]);
        if (here > 0 && below + here >= wanted) {
            uint64 const low = i == 0 ? 0 : duration_bounds[i - 1];
            uint64 const high =
                i + 1 < duration_classes ? std::min(duration_bounds[i], hour.longest) : hour.longest;
            return milliseconds(low) + (milliseconds(high) - milliseconds(low)) * (wanted - below) / here;
        }
        below += here;
    }
    return milliseconds(hour.longest);
}

void put(const ReturnSetInfo *result, Oid table, const Hour &hour) {
    bool const untimed = hour.timed == 0;
    Row row;
    row.oid(table);
    row.time(hour.number * USECS_PER_HOUR);
    row.number(hour.refreshes);
    row.real(untimed ? 0 : milliseconds(hour.microseconds) / static_cast<double>(hour.timed), untimed);
    row.real(milliseconds(hour.longest), untimed);
    row.real(percentile_95(hour), untimed);
    row.time(hour.last);
    row.number(hour.most_keys);
    row.number(hour.refreshes - std::min(hour.refreshes, hour.cache_misses));
    row.number(hour.cache_misses);
    row.store(result);
}

} // namespace

} // namespace tviews::monitor

using namespace tviews;

// A row for each table that has been counted; the view of this name adds the TVIEWs' names and those without a refresh.
TVIEWS_FUNCTION(pg_tviews_stats) {
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const monitor::Statistics *statistics : monitor::all_statistics())
        monitor::put(result, *statistics);
    PG_RETURN_NULL();
}

// A row for each such table and each of the last hours in which it was refreshed.
TVIEWS_FUNCTION(pg_tviews_performance_summary) {
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    auto const now = static_cast<uint64>(GetCurrentTimestamp()) / USECS_PER_HOUR;
    for (const monitor::Statistics *statistics : monitor::all_statistics())
        for (const monitor::Hour &hour : statistics->hours)
            if (hour.refreshes > 0 && hour.number + monitor::kept_hours > now)
                monitor::put(result, statistics->table, hour);
    PG_RETURN_NULL();
}

// Begins to count anew, one TVIEW or (NULL) all of this database.
TVIEWS_FUNCTION(pg_tviews_stats_reset) {
    if (!PG_ARGISNULL(0)) {
        monitor::reset_statistics(catalog::resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)))->table);
        PG_RETURN_VOID();
    }
    List *tables = NIL;
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all()))
        tables = lappend_oid(tables, tview->table);
    pg::each_oid(tables, [](Oid table) { monitor::reset_statistics(table); });
    PG_RETURN_VOID();
}

// Removes samples that are older than so many days; 0: all. Returns how many. search_path is pinned.
TVIEWS_FUNCTION(pg_tviews_cleanup_metrics) {
    pg::require_argument(fcinfo, 0, "days");
    int32 const days = PG_GETARG_INT32(0);
    if (days < 0)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("days must not be negative"),
                errhint("0 removes all samples, 7 those that are older than a week."));
    pg::SpiSession const spi;
    StringInfoData statement;
    initStringInfo(&statement);
    appendStringInfo(
        &statement, "DELETE FROM %s",
        pg::qualified_name(get_namespace_name(catalog::extension_schema()), "pg_tviews_metrics"));
    if (days > 0) // no timestamp is so old that it would make a difference
        appendStringInfo(&statement, " WHERE recorded_at < now() - make_interval(days => %d)",
                         std::min(days, 1000000));
    PG_RETURN_INT64(static_cast<int64>(pg::spi_execute(statement.data)));
}
