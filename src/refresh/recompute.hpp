// refresh/recompute.hpp - private to refresh/: computes rows of the definition and applies what differs.
#pragma once

#include "refresh/progress.hpp"
#include "refresh/queries.hpp"
#include "refresh/writer.hpp"

namespace tviews::refresh {

// Recomputes the pending units of `keys`, or everything, under the active snapshot, and gives the differences to
// `writer`. `gone`: some of the keys have probably no row any more. Needs an SpiSession and an Environment. `progress` is
// there for everything only.
void recompute(dependency::Compiled &tview, const pg::ValueSet &keys, bool all, bool gone, Writer &writer,
               Progress *progress);

// Raises 40001 when a stored row of the pending units (or of any, if `all`) is newer than the active snapshot.
void refuse_newer_rows(dependency::Compiled &tview, const pg::ValueSet &keys, bool all);

// Turns a unique violation of the TVIEW's primary key (its name) into TV204. Looks nothing up.
void duplicate_key_edited(const dependency::Compiled &tview, const char *primary_key, ErrorData *error);
[[noreturn]] void raise_duplicate_key(const dependency::Compiled &tview, const char *key);

} // namespace tviews::refresh
