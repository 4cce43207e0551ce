// catalog/catalog.hpp - the extension's own tables, read and written only here.
//
// A Tview is one row of pg_tview_meta as a session uses it. The cache is filled on first use and dropped when
// pg_tview_meta, or a TVIEW's table, view or source changes (relcache invalidation). Pointers stay readable until the
// end of the transaction, but what they say may be out of date: re-find by OID when generation() has changed.
#pragma once

#include "pg/memory.hpp"

namespace tviews::catalog {

// A setting that influences how values are rendered as text, as it was when the TVIEW was created.
struct Setting {
    const char *name;
    const char *value;
};

struct Tview {
    Oid table;            // tv_<entity>
    Oid view;             // v_<entity>
    Oid owner;            // of the table
    const char *entity;   // without the tv_ prefix
    const char *schema;   // of the table
    const char *name;     // tv_<entity>
    List *key_columns;    // of char *, the key in primary-key order
    bool explicit_key;    // key_columns given by the user
    List *dependencies;   // of Oid: base tables (partition roots, inheritance roots) and TVIEWs read
    List *function_reads; // of Oid: tables that STABLE functions of the definition read, as the user declared
    pg::vector<Setting> settings;
};

// The schema the extension is installed into; InvalidOid when it is not installed in this database.
Oid extension_schema();
// The functions of capture triggers, and of the triggers on TVIEWs; InvalidOid when they are not there.
Oid capture_function();
Oid guard_function();
// The version of this library.
extern const char library_version[];
// The version installed in this database; nullptr when it is not installed.
const char *extension_version();
// Is that one this library can work with? If not, everything about TVIEWs raises an error (55000).
bool version_fits();

// nullptr when `table` is not a TVIEW's table.
const Tview *find_by_table(Oid table);
// The same for the partitions of a TVIEW's table as well.
const Tview *find_by_storage(Oid relation);
// nullptr when `view` is not a TVIEW's view.
const Tview *find_by_view(Oid view);
// Every TVIEW, ordered by table OID. Elements are const Tview *.
List *all();
// The TVIEWs whose dependencies contain `relation`. Elements are const Tview *.
List *dependents_of(Oid relation);
// Resolves 'post', 'tv_post', 'app.tv_post', quoted names, by search_path. Raises TV001 when there is none.
const Tview *resolve(const char *name);
// The same, nullptr when there is none.
const Tview *try_resolve(const char *name);

// A number that changes whenever anything cached here, or the shape compiled from it, may be out of date.
uint64 generation();
// A number that changes whenever what a role may see may have: roles were altered, granted or revoked. Never 0.
uint64 roles_generation();

} // namespace tviews::catalog
