// ddl/create.hpp - a TVIEW in the making: from a CREATE TABLE AS statement to the table taken over.
//
// prepare() checks everything that can be refused, before PostgreSQL makes the (empty) table; adopt() turns that table
// into a TVIEW afterwards. Both event triggers and pg_tviews_create() go this way.
#pragma once

#include "ddl/options.hpp"
#include "definition/definition.hpp"

namespace tviews::ddl {

struct Creation {
    MemoryContext context; // everything below lives here; belongs to the transaction
    SubTransactionId subtransaction;
    Oid schema;
    const char *table_name; // tv_<entity>
    const char *entity;
    Query *query; // canonical
    definition::Request request;
    definition::Shape *shape;
    Options options;
};

// Does the statement make a table whose name says that it wants to be a TVIEW?
bool concerns_us(const CreateTableAsStmt *statement);

// Waits for others who are giving this name to a TVIEW: the loser finds out that it is taken, not a unique violation in a
// catalog. Held to the end of the transaction.
void lock_name(Oid schema, const char *table_name);

// Raises TV105 when v_<entity> is something else already.
void refuse_existing_view(Oid schema, const char *entity);

// Checks the statement and changes it to make an empty table with the right storage options. Returns nullptr when
// PostgreSQL will not make the table (it exists already). Raises TV101, TV102, TV103, TV105, TV203.
Creation *prepare(CreateTableAsStmt *statement, List *key_columns, const Options &options);

// Makes the new, empty table a TVIEW: locks, view, metadata, rows, indexes, triggers. Frees the Creation.
void adopt(Oid table, Creation *creation);

// Creates the TVIEW `target`, which does not exist yet.
void create(RangeVar *target, const char *select, List *key_columns, const Options &options);

// pg_tviews_create(): returns the qualified name of the table.
const char *create(const char *name, const char *select, bool if_not_exists, List *key_columns,
                   const char *options);

} // namespace tviews::ddl
