// refresh/recompute.hpp - private to refresh/: computes rows of the definition and applies what differs.
#pragma once

#include "core/strategy.hpp"
#include "refresh/progress.hpp"
#include "refresh/queries.hpp"
#include "refresh/writer.hpp"

namespace tviews::refresh {

// Recomputes the pending units of `keys`, or everything, under the active snapshot, and gives the differences to
// `writer`. `gone`: some of the keys have probably no row any more. Needs an SpiSession and an Environment. `progress` is
// there for everything only.
void recompute(dependency::Compiled &tview, const pg::ValueSet &keys, bool all, bool gone, Writer &writer,
               Progress *progress);

// How that is done best.
core::Recompute choose_recompute(const Storage &storage, const pg::ValueSet &keys, bool all);

// Raises 40001 when a stored row of the pending units (or of any, if `all`) is newer than the active snapshot.
void refuse_newer_rows(dependency::Compiled &tview, const Storage &storage, const pg::ValueSet &keys,
                       bool all);

// Turns a violation of the TVIEW's primary key into TV204. Looks nothing up.
void duplicate_key_edited(const dependency::Compiled &tview, const KeyConstraint *primary_key,
                          ErrorData *error);
[[noreturn]] void raise_duplicate_key(const dependency::Compiled &tview, const char *key);

} // namespace tviews::refresh
