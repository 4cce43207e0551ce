// patch/values.hpp - hashing of jsonb values; their equality and order are in patch.hpp.
#pragma once

#include "patch/container.hpp"

namespace tviews::patch {

// Equal values (equal_values) have equal hashes.
uint32 hash_value(const Value &value) noexcept;

} // namespace tviews::patch
