// monitor/queue_stats.cpp - the queue of this transaction, and the work of this session in numbers.
#include "catalog/catalog.hpp"
#include "pg/guard.hpp"
#include "queue/inspect.hpp"
#include "queue/queue.hpp"
#include "refresh/patched.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
}

using namespace tviews;

// {"pending": keys and link values that TVIEWs do not show yet, "patched": documents patched by this session, "assembled":
// rows that it computed without a query}
TVIEWS_FUNCTION(pg_tviews_queue_stats) {
    char *const json = psprintf(
        "{\"pending\": " UINT64_FORMAT ", \"patched\": " UINT64_FORMAT ", \"assembled\": " UINT64_FORMAT "}",
        queue::pending_values(), refresh::patched_documents(), refresh::assembled_rows());
    PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}

// A row for each pending item: the view of the same name adds what follows from all of them.
TVIEWS_FUNCTION(pg_tviews_queue_realtime) {
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    const char *const session = psprintf("%lx.%x", static_cast<long>(MyStartTime), MyProcPid);
    for (const queue::Item &item : queue::pending_items()) {
        const catalog::Tview *const tview = catalog::find_by_table(item.table);
        if (tview == nullptr)
            continue;
        Datum values[] = {CStringGetTextDatum(session),
                          CStringGetTextDatum(tview->entity),
                          Int64GetDatum(item.pk),
                          Int32GetDatum(item.depth),
                          TimestampTzGetDatum(item.since),
                          TimestampTzGetDatum(item.last),
                          CStringGetTextDatum(item.kind),
                          item.value != nullptr ? CStringGetTextDatum(item.value) : Datum(0)};
        bool nulls[] = {false, false, !item.has_pk, false, false, false, false, item.value == nullptr};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    PG_RETURN_NULL();
}
