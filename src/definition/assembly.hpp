// definition/assembly.hpp - how rows of a definition are put together without a query (assembly.cpp says when).
#pragma once

#include "definition/definition.hpp"

namespace tviews::definition {

// A row that is found by a unique key.
struct LookUp {
    Oid relation;
    Oid index;
    pg::vector<Identity> identity; // the first's are of key columns, of others by index column
    const char *alias;
    List *values =
        nullptr;        // Expr over the assembled row, by index column; the first look-up has none: the key
    bool outer = false; // LEFT JOIN: NULLs if there is none, or if it is not joined
    List *joined = nullptr; // conditions of that, ANDed
    List *quals = nullptr;  // of WHERE and inner joins, that can be told by now; ANDed
    struct Column {
        AttrNumber attno;
        int position; // in the assembled row
    };
    pg::vector<Column> columns; // in use
};

// A definition each of whose rows is computed from rows found by unique keys, one after the other, the first by the
// definition's key (assembly.cpp). Expressions are over the assembled row: Vars with varno 1.
struct Assembly {
    pg::vector<LookUp *> look_ups;
    pg::vector<OutputColumn> row; // columns of the assembled row; name: nullptr
    List *outputs = nullptr;      // Expr by column of the definition
};

} // namespace tviews::definition
