// refresh/patched.hpp - a count of this session's work.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::refresh {

// How many documents have been patched instead of recomputed. Rolled-back work counts too.
uint64 patched_documents() noexcept;

} // namespace tviews::refresh
