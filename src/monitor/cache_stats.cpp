// monitor/cache_stats.cpp - the caches of this session in numbers.
#include "dependency/statistics.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/tuplestore.h"
}

namespace tviews::monitor {

namespace {

void put(ReturnSetInfo *result, const char *type, const dependency::CacheStatistics &statistics) {
    Datum values[] = {CStringGetTextDatum(type),
                      Int64GetDatum(static_cast<int64>(statistics.entries)),
                      Int64GetDatum(static_cast<int64>(statistics.bytes)),
                      Int64GetDatum(static_cast<int64>(statistics.hits)),
                      Int64GetDatum(static_cast<int64>(statistics.misses)),
                      Int64GetDatum(static_cast<int64>(statistics.evictions))};
    bool nulls[lengthof(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

} // namespace

} // namespace tviews::monitor

using namespace tviews;

TVIEWS_FUNCTION(pg_tviews_cache_stats) {
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    monitor::put(result, "definitions", dependency::compiled_statistics());
    monitor::put(result, "capture programs", dependency::program_statistics());
    PG_RETURN_NULL();
}
