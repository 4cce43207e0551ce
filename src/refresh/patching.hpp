// refresh/patching.hpp - private to refresh/: puts recomputed leaves into stored documents (essay in patching.cpp).
#pragma once

#include "refresh/patched.hpp"
#include "refresh/writer.hpp"

namespace tviews::refresh {

// Brings the documents of the pending units of `keys`, in which nothing but changes.leaves can have changed, up to date
// under the active snapshot. Units that could not be patched are added to `left`. False, and nothing done:
// recomputing is right, or better. Needs an SpiSession and an Environment.
bool patch_documents(dependency::Compiled &tview, const Changes &changes, const pg::ValueSet &keys,
                     Writer &writer, pg::ValueSet &left);

} // namespace tviews::refresh
