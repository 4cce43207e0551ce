// module.cpp - the library's entry point: settings, hooks, callbacks.
//
// Loaded into a session by the first call of any of its functions (a trigger's, usually) or by preloading; nothing
// here touches a catalog, because the extension may not exist in this database.
#include "capture/hooks.hpp"
#include "config/settings.hpp"
#include "ddl/hooks.hpp"
#include "ddl/state.hpp"
#include "pg/guard.hpp"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
    tviews::pg::boundary([] {
        tviews::config::define_settings();
        tviews::ddl::install_callbacks();
        tviews::capture::install_hooks();
        tviews::ddl::install_hooks();
    });
}
