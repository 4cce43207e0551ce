// definition/definition.hpp - from an analysed SELECT to the shape of a TVIEW, or a refusal.
//
// A Shape says which occurrences of base relations (sources) the definition reads, which of their columns it uses,
// and how a changed row of each finds the affected keys: a chain of edges that ends at the key, or "all keys".
// The essay is at the top of paths.cpp. Everything lives in the memory context current during analyze().
#pragma once

#include "pg/executor.hpp"
#include "pg/memory.hpp"

namespace tviews::definition {

struct Assembly; // assembly.hpp
struct Edge;
struct Layout; // layout.hpp

// One column of a link: what travels along an edge.
struct LinkColumn {
    AttrNumber attno; // in the far row
    Oid type;
    int32 typmod;
    Oid collation;
};

// An equality far = near that identifies a link value; usable for locking by value.
struct Equality {
    int link;              // index into Edge::link
    AttrNumber near_attno; // plain column of the near row
    Oid equality;          // operator, far type on the left
    Oid collation;
};

enum class Route { key, edge, all_keys };

// One occurrence of a base relation in the definition, in one role. A relation may have several.
struct Source {
    Oid relation;           // root of a partition or inheritance tree, or a TVIEW's table
    int occurrence;         // number of the range-table entry in the whole definition
    const char *alias;      // as the user wrote it
    Bitmapset *used;        // columns the definition uses, offset by FirstLowInvalidHeapAttributeNumber
    Bitmapset *path;        // columns that decide which rows are linked (links, filters, joins), same offset
    bool whole_row = false; // the row is used as a value: a new column changes it
    List *filters;          // Expr, implicitly ANDed, over Vars with varno 1: safe to evaluate at capture
    Route route = Route::all_keys;
    Edge *toward = nullptr;     // Route::edge
    pg::vector<AttrNumber> key; // Route::key: the columns that are the unit, in unit order
    pg::vector<Edge *>
        away; // edges whose near side this is: R entries (Equality::near_attno), or whole-edge locks
    const char *reason = nullptr; // Route::all_keys: why, as a clause for messages
};

// A hop: far rows with these link values are looked at by near rows; those carry the next link values or the key.
struct Edge {
    int id;   // position in Shape::edges
    int rank; // hops to the key; higher ranks are walked and locked first
    int far_occurrence;
    const char *far_name; // for explain
    const char *near_name;
    Oid near_relation = InvalidOid;  // when the near side is one plain relation
    pg::vector<LinkColumn> link;     // columns of the far row
    pg::vector<Equality> equalities; // empty: locked as a whole
    bool by_value;           // lock by value (every equality hashable and the near side one plain relation)
    bool point_only;         // a link column is an array: no set form
    Edge *next = nullptr;    // where the near rows' link values go; nullptr: the near rows carry the unit
    bool direct_key = false; // the link value is the unit itself: no query, no edge lock
    bool lockless = false;   // the key is computed from the far row itself: no near row, no lock
    const char *point_sql = nullptr; // $1..$n are the link columns; returns next->link columns or the unit
    const char *set_sql = nullptr;   // $1..$n are arrays of them
    pg::vector<Oid> types;           // of the point parameters
    pg::vector<Oid> array_types;     // of the set parameters
};

struct OutputColumn {
    const char *name;
    Oid type;
    int32 typmod;
    Oid collation;
};

// An output column that tells, with others, which row of a source has entered a row of the definition: the row that has the
// value in a column of a unique index. By index column.
struct Identity {
    int column;       // index into Shape::columns
    AttrNumber attno; // of the row, equal to it
    pg::IndexEquality equality;
    int16 length;
    bool by_value;
};

// A table of which a row is in every row of the definition: the one whose unique key is the definition's key.
struct KeyTable {
    Oid relation = InvalidOid; // InvalidOid: there is none
    Oid index;
    pg::vector<Identity> identity;
    int occurrence = 0;
};

struct Shape {
    pg::vector<OutputColumn> columns;
    pg::vector<int> key;  // indexes into columns
    pg::vector<int> unit; // the part of the key that maintenance addresses rows by (subset of key)
    pg::vector<Source *> sources;
    pg::vector<Edge *> edges;  // by rank, highest first
    pg::vector<Oid> relations; // distinct relations of the sources, sorted
    bool key_nullable = true;  // an outer join may produce NULL keys
    KeyTable key_table;
    const char *inlined_sql =
        nullptr;                    // the definition with its WITH queries inlined; nullptr when it has none
    const Layout *layout = nullptr; // what can be patched; nullptr: nothing
    const Assembly *assembly = nullptr; // nullptr: rows come from a query
};

struct Request {
    const char *entity;             // without tv_
    List *key_columns = nullptr;    // of char *: given by the caller
    List *function_reads = nullptr; // of Oid: tables that STABLE functions read (options->'function_reads')
    bool stale_sources = false;     // materialized views are accepted: they change when they are refreshed
};

// The same query with every order-sensitive but unordered part made deterministic (see determinism.cpp), without a
// pointless ORDER BY at the top. Modifies and returns its argument.
Query *canonical(Query *query);

// Checks and compiles a definition. `query` is an analysed SELECT (it is not modified). Raises TV102 or TV103 with
// detail and hint when it cannot be a TVIEW.
Shape *analyze(const Query *query, const Request &request);

// Column names by role (key, id, data, fk_*, ...) are checked by analyze(); this tells the key columns only.
List *key_columns(const Query *query, const Request &request);

} // namespace tviews::definition
