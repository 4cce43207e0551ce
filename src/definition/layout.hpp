// definition/layout.hpp - which parts of the document depend on which columns: what a change can be patched by.
//
// The document is the output column that is built by jsonb_build_object(). Its literal objects form a tree; what is not
// a literal object is a leaf: an expression, a sub-select, an embedded document. A source is *confined* to leaves when
// only sub-selects inside them read it: whatever happens to its rows, nothing else can change. A column of another
// source *feeds* leaves when only they use it: no condition, no grouping, no ordering, no other output column. For
// such changes it is enough to compute these leaves again (reduced_query) and to put them into the stored documents.
//
// Leaves may be *own* to a source: computed from the columns of one row of it and nothing else, which
// other output columns identify. They can be computed without the definition's joins.
//
// Of a leaf that aggregates objects with a member of their own row's unique column, the id, it is enough to compute the
// elements with the ids of changed rows; and, if rows have come, gone or moved, the ids of all in order.
#pragma once

#include "definition/definition.hpp"

namespace tviews::definition {

// A set of leaves: bit i for leaf i. The last bit stands for all leaves that have no bit of their own.
using Leaves = uint64;
inline constexpr int max_leaves = 63;

struct LayoutNode {
    const char *key; // member of the object above; nullptr at the root
    uint32 length;
    int argument;  // position of the value among the arguments of the object above
    Leaves leaves; // in it
    bool is_leaf;
    pg::vector<LayoutNode *> members;
};

struct Feed {
    AttrNumber attno;
    Leaves leaves;
};

// A leaf that is an array of objects.
struct ArrayLeaf {
    int leaf;
    const char *key; // the member that has the id
    uint32 length;
    int rel;          // whose rows the elements are made of
    AttrNumber attno; // its column
    Oid type;
    Oid collation;
    Bitmapset *
        moving; // columns of the rel that decide about the presence and place of elements, offset as in Source
};

struct SourceFeeds {
    Leaves confined = 0; // not 0: any change of a row reaches these leaves only
    int array = -1;      // or 0 and up: reaches only the elements with its id, of Layout::arrays
    Bitmapset *steady =
        nullptr; // updates of these columns leave all elements in their places, offset as in Source
    pg::vector<Feed> feeds; // columns; a change of any other used column may reach anything
    Leaves own = 0;
    Oid index = InvalidOid; // unique, of what own leaves are computed from
    pg::vector<Identity> identity;
};

struct Layout {
    int column; // of the document, index into Shape::columns
    LayoutNode *root;
    pg::vector<const char *> paths;  // by leaf: author.name
    pg::vector<SourceFeeds> sources; // as in Shape::sources
    pg::vector<ArrayLeaf> arrays;
    Query *query;                 // the definition
    FuncExpr *document;           // with the occurrences of relations as varno
    pg::vector<const char *> key; // names of the key columns, in the order of Shape::key
};

// What is to be computed again.
struct Part {
    Leaves leaves;
    Leaves elements = 0; // leaves of which single elements are enough
    bool order = false;  // and the ids in order
    bool one = false;    // of each array one id has changed

    bool operator==(const Part &) const noexcept = default;
};

// The definition with the key columns, in order, and the document reduced to `part`. In place of an array in
// part.elements is [elements, ids in order or null, changed ids]; the ids of the changed rows are an array in parameter $n, or the
// one id itself, where n is 1 + the number of key columns + the position in Layout::arrays. As SQL; search_path must be pinned.
const char *reduced_query(const Layout &layout, const Part &part);

// The document reduced to leaves that are own to one source, to be evaluated over its row.
Expr *own_document(const Layout &layout, Leaves leaves);

// The paths of a set of leaves: author.name, author.email.
const char *leaf_paths(const Layout &layout, Leaves leaves);

} // namespace tviews::definition
