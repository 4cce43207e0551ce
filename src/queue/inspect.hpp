// queue/inspect.hpp - what is pending in the running transaction, item by item.
#pragma once

#include "pg/memory.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

namespace tviews::queue {

struct Item {
    Oid table;
    int depth;
    const char *kind;  // key, changed link, new link, all
    const char *value; // nullptr for all
    bool has_pk;       // `value` is a key of one integer
    int64 pk;
    TimestampTz since; // start of the statement that queued the first pending change of the TVIEW
    TimestampTz last;  // and of the latest
};

// Made in CurrentMemoryContext.
pg::vector<Item> pending_items();

} // namespace tviews::queue
