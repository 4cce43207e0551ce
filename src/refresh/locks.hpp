// refresh/locks.hpp - private to refresh/: the locks of the protocol (essay in locks.cpp).
#pragma once

#include "refresh/maintain.hpp"

namespace tviews::refresh {

// Locks an edge for the values of `w` and the hashes of `r`, in lock-tag order. `w` must not contain "all".
void lock_edge(const dependency::Compiled &tview, const dependency::CompiledEdge &edge, const pg::ValueSet &w,
               const Pending &r, Timing timing);

// Locks keys; the whole key level when there are too many of them.
void lock_keys(const dependency::Compiled &tview, const pg::ValueSet &keys, Timing timing);
// The whole key level, against every holder of a key.
void lock_all_keys(const dependency::Compiled &tview, Timing timing);

// How often this session has had to wait for any of these.
uint64 lock_waits() noexcept;

} // namespace tviews::refresh
