// ddl/options.hpp - the `options` argument of pg_tviews_create() and pg_tviews_replace().
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

struct Options {
    int fillfactor = 85; // room for HOT updates
    bool unlogged = false;
    bool data_gin_index = false;    // a jsonb_path_ops index on data
    bool indexes = true;            // on id and fk_* columns
    bool stale_sources = false;     // accept materialized views
    char partition_by = '\0';       // PARTITION_STRATEGY_HASH or _RANGE, on the key
    int partitions = 0;             // by hash
    List *bounds = nullptr;         // of char *: by range, between the partitions
    List *function_reads = nullptr; // of Oid: tables that STABLE functions of the definition read
    const char *json = "{}";        // as given
    List *indexed = nullptr;        // of char *: columns that get their indexes otherwise; no option
};

// Reads `json` (an object). Unknown options, wrong types, tables that do not exist and options for partitions that do not go
// together are errors (TV401).
Options read_options(const char *json);
// Options that were accepted before: function_reads is not looked up again, because tables may have been renamed.
Options read_stored_options(const char *json);
// `json` with what `stored` says about partitions, which stays as it is. An error when `json` says something else.
const char *with_stored_partitioning(const char *json, const char *stored, const char *tview);

} // namespace tviews::ddl
