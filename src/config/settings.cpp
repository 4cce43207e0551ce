// config/settings.cpp - defines the settings of settings.hpp.
//
// Called by _PG_init. The only code that knows GUC names, bounds and who may set what: a setting that could hide
// something from an administrator (audit, track, log_min_refresh_duration) is a superuser's.
#include "config/settings.hpp"

#include <climits>

namespace tviews::config {

constinit bool allow_direct_writes = false;
constinit bool audit = true;
constinit bool enable_patch = true;
constinit int graph_cache_size = 1000;
constinit int lock_escalation_threshold = -1;
constinit int log_min_refresh_duration = -1;
constinit int max_cascade_depth = 10;
constinit int max_queue_size = 1000000;
constinit int patch_elements_min_size = 4;
constinit int prepared_stmt_cache_size = 500;
constinit int stmt_trigger_threshold = 1000;
constinit int table_cache_size = 1000;

namespace {

constinit int flush_at_value = static_cast<int>(FlushAt::commit);
constinit int track_value = static_cast<int>(Track::top);

const config_enum_entry flush_at_options[] = {
    {"commit", static_cast<int>(FlushAt::commit), false},
    {"statement", static_cast<int>(FlushAt::statement), false},
    {nullptr, 0, false},
};

const config_enum_entry track_options[] = {
    {"none", static_cast<int>(Track::none), false},
    {"top", static_cast<int>(Track::top), false},
    {"all", static_cast<int>(Track::all), false},
    {nullptr, 0, false},
};

void define_bool(const char *name, const char *text, bool *variable, GucContext context) {
    DefineCustomBoolVariable(name, text, nullptr, variable, *variable, context, 0, nullptr, nullptr, nullptr);
}

void define_int(const char *name, const char *text, int *variable, int low, int high, GucContext context,
                int flags = 0) {
    DefineCustomIntVariable(name, text, nullptr, variable, *variable, low, high, context, flags, nullptr,
                            nullptr, nullptr);
}

} // namespace

FlushAt flush_at() { return static_cast<FlushAt>(flush_at_value); }
Track track() { return static_cast<Track>(track_value); }

void define_settings() {
    define_bool("pg_tviews.allow_direct_writes", "Allows writing to TVIEWs directly, for repair.",
                &allow_direct_writes, PGC_USERSET);
    define_bool("pg_tviews.audit",
                "Records every creation, replacement, refresh and removal in pg_tview_audit_log.", &audit,
                PGC_SUSET);
    define_bool("pg_tviews.enable_patch", "Patches documents in place where the definition allows it.",
                &enable_patch, PGC_USERSET);
    DefineCustomEnumVariable("pg_tviews.flush_at", "When pending changes are applied to the TVIEWs.", nullptr,
                             &flush_at_value, flush_at_value, flush_at_options, PGC_USERSET, 0, nullptr,
                             nullptr, nullptr);
    define_int("pg_tviews.graph_cache_size", "Number of compiled definitions a session keeps.",
               &graph_cache_size, 1, INT_MAX, PGC_USERSET);
    define_int(
        "pg_tviews.lock_escalation_threshold",
        "Number of values from which maintenance locks a whole edge; -1 means a tenth of the lock table.",
        &lock_escalation_threshold, -1, INT_MAX, PGC_USERSET);
    define_int("pg_tviews.log_min_refresh_duration",
               "Logs every refresh of a TVIEW that takes at least this long; -1 turns it off.",
               &log_min_refresh_duration, -1, INT_MAX, PGC_SUSET, GUC_UNIT_MS);
    define_int("pg_tviews.max_cascade_depth", "How deep TVIEWs may be built on TVIEWs.", &max_cascade_depth,
               1, 1000, PGC_USERSET);
    define_int("pg_tviews.max_queue_size",
               "Number of queued values of one link from which it counts as entirely changed.",
               &max_queue_size, 1, INT_MAX, PGC_USERSET);
    define_int("pg_tviews.patch_elements_min_size",
               "Size of a document from which on several changed elements of its arrays are patched.",
               &patch_elements_min_size, 0, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB);
    define_int("pg_tviews.prepared_stmt_cache_size", "Number of maintenance plans a session keeps.",
               &prepared_stmt_cache_size, 1, INT_MAX, PGC_USERSET);
    define_int("pg_tviews.stmt_trigger_threshold",
               "Accepted for compatibility; pg_tviews_install_stmt_triggers() decides by table.",
               &stmt_trigger_threshold, 0, INT_MAX, PGC_USERSET);
    define_int("pg_tviews.table_cache_size", "Number of capture programs a session keeps.", &table_cache_size,
               1, INT_MAX, PGC_USERSET);
    DefineCustomEnumVariable(
        "pg_tviews.track",
        "What the statistics count: nothing, what refreshes do, or also how long they take.", nullptr,
        &track_value, track_value, track_options, PGC_SUSET, 0, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("pg_tviews");
}

} // namespace tviews::config
