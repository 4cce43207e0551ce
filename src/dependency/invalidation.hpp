// dependency/invalidation.hpp - private to dependency/: how the caches learn that they are out of date.
#pragma once

#include "dependency/dependency.hpp"

namespace tviews::dependency {

// Changes whenever a Compiled or a Program may be out of date.
uint64 epoch() noexcept;
void changed() noexcept;
// Counts every relation invalidation seen by this session.
uint64 invalidations() noexcept;
// Once per session.
void register_callbacks();

// compile.cpp and program.cpp mark what depends on the relation (InvalidOid: on any).
void relation_invalidated(Oid relation) noexcept;
void program_invalidated(Oid relation) noexcept;

} // namespace tviews::dependency
