// ddl/sources.hpp - what a definition reads, for DDL: locks and the metadata row.
#pragma once

#include "catalog/meta.hpp"
#include "ddl/options.hpp"
#include "definition/definition.hpp"

namespace tviews::ddl {

// Locks every relation, and the members of partition and inheritance trees, against writers until the end of the
// transaction. `relations` is ordered by OID, so that two creations do not deadlock.
void lock_sources(const pg::vector<Oid> &relations);

// The metadata row of a definition, without table, view and text. Rendering settings are this session's.
catalog::MetaRow describe(const definition::Shape &shape, const definition::Request &request,
                          const Options &options);

// NOTICEs and WARNINGs about what the user may not expect: sources without a key path, rows without a key, policies that
// do not apply.
void announce(const definition::Shape &shape, Oid table);

} // namespace tviews::ddl
