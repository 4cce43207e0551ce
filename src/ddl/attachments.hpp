// ddl/attachments.hpp - what users have attached to a view, kept when the view is made anew.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// Grants, comments, options, triggers and rules of a view and its columns, as statements. To be called while the view exists.
List *attachments_of(Oid view);

// Runs them on the view that has taken the name; those of columns that it does not have are left out.
void attach(List *attachments, Oid view);

// The statement that gives the view another query with the same columns, or further ones, and keeps its options.
const char *replacing_statement(Oid view, const char *definition);

} // namespace tviews::ddl
