// capture/hooks.hpp - where pg_tviews listens to the server: before reads, before utility commands, at transaction ends.
#pragma once

namespace tviews::capture {

// Called once, by _PG_init.
void install_hooks();

} // namespace tviews::capture
