// definition/unique_rows.hpp - private to definition/: by which unique index a row is found whose columns equal known values.
#pragma once

#include "definition/definition.hpp"

namespace tviews::definition {

// A column of a relation that is equal to a value known from elsewhere.
struct KnownColumn {
    int value; // which one: Identity::column
    AttrNumber attno;
    Oid type;      // of the value
    Oid equality;  // InvalidOid: the value is the column's own
    Oid collation; // of the equality
};

// A unique index of the table that finds the one row with these columns, if there is one: all its columns are among them, and
// equal means the same to it. InvalidOid when there is none.
Oid find_unique_index(Oid relation, const pg::vector<KnownColumn> &known, pg::vector<Identity> &identity);

} // namespace tviews::definition
