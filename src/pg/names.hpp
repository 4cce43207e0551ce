// pg/names.hpp - names of database objects as SQL text. The one quoting helper of the project.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::pg {

// "name" quoted as needed. Result in CurrentMemoryContext.
const char *quoted(const char *name);
// schema.relation, quoted as needed. Raises an error when the relation does not exist.
const char *qualified_name(Oid relation);
// schema.name
const char *qualified_name(const char *schema, const char *name);
// 'text' as a string literal
const char *literal(const char *text);
// 'a.b' as SQL identifiers: case-folded, unquoted. List of String nodes; raises an error when it is no name.
List *name_parts(const char *text);
// schema.collation, quoted as needed.
const char *collation_name(Oid collation);
// The type as SQL, schema-qualified.
const char *type_name(Oid type, int32 typmod = -1);

// OPERATOR(schema.=), the default equality of the type. Raises an error when it has none.
const char *equality_operator(Oid type);

} // namespace tviews::pg
