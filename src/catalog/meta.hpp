// catalog/meta.hpp - rows of pg_tview_meta as they are stored, for the code that creates, replaces and drops TVIEWs.
//
// Everybody else reads through catalog.hpp. No permission checks here: the caller has made them. Changes are seen by
// this session after the command counter has moved (which these functions do) and by others at commit.
#pragma once

#include "catalog/catalog.hpp"

namespace tviews::catalog {

struct MetaRow {
    const char *entity = nullptr;
    Oid view = InvalidOid;
    Oid table = InvalidOid;
    const char *definition = nullptr;
    List *dependencies = nullptr;     // of Oid
    List *fk_columns = nullptr;       // of char *
    List *uuid_fk_columns = nullptr;  // of char *
    List *dependency_types = nullptr; // of char *, parallel to dependencies: 'table' or 'tview'
    List *key_columns = nullptr;      // of char *
    bool explicit_key = false;
    List *function_reads = nullptr; // of Oid
    const char *settings = "{}";    // JSON text: name -> value
    const char *options = "{}";     // JSON text as the user gave it
};

// Every row, whether or not its relations still exist. List of MetaRow *, in CurrentMemoryContext.
List *meta_rows();
// The row of a TVIEW's table, or nullptr.
MetaRow *meta_row(Oid table);

void insert_meta_row(const MetaRow &row);
// Replaces the row of row.table; created_at is kept.
void update_meta_row(const MetaRow &row);
// Removes the row of `table`, if there is one.
void delete_meta_row(Oid table);

// Tells every session (at commit) that pg_tview_meta has changed.
void announce_meta_change();

// The settings that influence rendering, with this session's values, as JSON text for MetaRow::settings.
const char *rendering_settings();

} // namespace tviews::catalog
