// refresh/patched.hpp - counts of this session's work.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::refresh {

// How many documents have been patched instead of recomputed. Rolled-back work counts too.
uint64 patched_documents() noexcept;
// How many rows have been assembled from base rows instead of asking for them, likewise.
uint64 assembled_rows() noexcept;

} // namespace tviews::refresh
