// definition/checks.hpp - what a definition may not contain.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::definition {

// Raises TV102 for a relation whose changes triggers cannot see, or which does not outlive the session.
void check_relation(const RangeTblEntry *rte);

// Raises TV102 for anything in one Query (and its sub-selects) whose result depends on more than table contents:
// volatile, clock- and session-dependent expressions, TABLESAMPLE, row locks, physical system columns.
// `function_reads` (List of Oid, may be NIL): the caller vouches that STABLE functions read only these tables.
void check_query(const Query *query);

// For the duration of one analysis: tables that STABLE user functions may read.
void set_function_reads(List *tables);
// Are materialized views accepted?
void set_stale_sources(bool accepted);

} // namespace tviews::definition
