// refresh/queries.hpp - private to refresh/: the SQL that recomputes rows and compares them with the stored ones.
#pragma once

#include "dependency/dependency.hpp"

namespace tviews::refresh {

// Saved plans of one TVIEW. Parameters are the unit's columns ($1..$n), or arrays of them.
//   point        the definition's columns of one unit
//   stored       ctid of the stored rows of one unit, and tableoid when the TVIEW is partitioned
//   nested, bulk, full
//                one row per recomputed or stored row: the definition's columns, then ctid of the stored row (NULL: none),
//                whether both have the same image, whether there is a recomputed row, and tableoid as
//                below. nested goes to the
//                definition key by key, bulk may scan, full has no restriction
//   stored_many  the same of the stored rows of the units;  stored_all  of all
//   count        number of stored rows;  populate  the definition's columns of all rows
//   repeated     the key that the definition returns more than once, if any
// The parts of the document that may have changed: the key columns, in the order of Shape::key, and a document of these
// parts, for one unit or arrays of them, as above. With single elements there is only `point`, and its parameters after the
// unit are arrays of their ids, or one id each. How many ids there are decides about the best plan: it is a generic one for one id only.
struct PatchQueries {
    definition::Part part;
    pg::vector<Oid> types; // of point's parameters
    pg::Plan point;
    pg::Plan nested;
    pg::Plan bulk;
};

struct OwnLeaves;
struct AssemblyState;

// A set of leaves as parts that are own to a source each.
struct OwnParts {
    definition::Leaves leaves;
    bool usable;
    pg::vector<OwnLeaves *> parts;
};

struct Queries {
    pg::Plan point;
    pg::Plan stored;
    pg::Plan nested;
    pg::Plan bulk;
    pg::Plan full;
    pg::Plan stored_many;
    pg::Plan stored_all;
    pg::Plan count;
    pg::Plan populate;
    pg::Plan repeated;
    pg::vector<Oid> unit_types;
    pg::vector<Oid> unit_arrays;
    bool has_arrays = true;  // every unit column's type has an array type
    bool unit_is_key = true; // a unit is one row
    bool image_equal = true; // equal units have equal images
    pg::vector<PatchQueries *> patches;
    pg::vector<OwnParts *> own;        // own_rows.cpp's
    AssemblyState *assembly = nullptr; // assembly.cpp's
};

Queries &queries(dependency::Compiled &tview);
// nullptr when the TVIEW is patched in too many ways already. search_path must be pinned.
PatchQueries *patch_queries(dependency::Compiled &tview, const definition::Part &part);

// (a, b)=(1, x): the key columns of a row that starts with the definition's columns.
const char *key_text(const dependency::Compiled &tview, TupleTableSlot *row);
// The same of values in the order of Shape::key.
const char *key_text(const dependency::Compiled &tview, const Datum *values, const bool *nulls);

} // namespace tviews::refresh
