// config/settings.hpp - every pg_tviews.* setting, alphabetical. The variables are written by the GUC machinery only.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::config {

enum class FlushAt : int { commit, statement };
enum class Track : int { none, top, all };

extern bool allow_direct_writes; // INSERT, UPDATE, DELETE and TRUNCATE on TVIEWs, for repair
extern bool audit;               // rows in pg_tview_audit_log
extern bool enable_patch;        // splice documents where possible instead of recomputing them
extern int graph_cache_size;     // compiled definitions kept by a session
extern int
    lock_escalation_threshold; // values per edge before a whole edge is locked; -1: from the lock table's size
extern int log_min_refresh_duration; // ms; -1: never
extern int max_cascade_depth;        // TVIEWs on TVIEWs
extern int max_queue_size;           // values per edge before it collapses to "all keys"
extern int patch_elements_min_size;  // kB; smaller documents get whole arrays, if several elements change
extern int prepared_stmt_cache_size; // saved maintenance plans kept by a session
extern int stmt_trigger_threshold;   // without effect
extern int table_cache_size;         // capture programs kept by a session

FlushAt flush_at();
Track track();

// Defines the settings and reserves the prefix. Called once, by _PG_init.
void define_settings();

} // namespace tviews::config
