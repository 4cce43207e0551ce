// monitor/queue_stats.cpp - the queue of this transaction and the work of this session in numbers.
#include "pg/guard.hpp"
#include "queue/queue.hpp"
#include "refresh/patched.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/jsonb.h"
}

using namespace tviews;

// {"pending": keys and link values that TVIEWs do not show yet, "patched": documents patched by this session}
TVIEWS_FUNCTION(pg_tviews_queue_stats) {
    char *const json = psprintf("{\"pending\": " UINT64_FORMAT ", \"patched\": " UINT64_FORMAT "}",
                                queue::pending_values(), refresh::patched_documents());
    PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
}
