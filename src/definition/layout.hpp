// definition/layout.hpp - which parts of the document depend on which columns: what a change can be patched by.
//
// The document is the output column that is built by jsonb_build_object(). Its literal objects form a tree; what is not
// a literal object is a leaf: an expression, a sub-select, an embedded document. A source is *confined* to leaves when
// only sub-selects inside them read it: whatever happens to its rows, nothing else can change. A column of another
// source *feeds* leaves when only they use it: no condition, no grouping, no ordering, no other output column. For
// such changes it is enough to compute these leaves again (reduced_query) and to put them into the stored documents.
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

struct SourceFeeds {
    Leaves confined = 0;    // not 0: any change of a row reaches these leaves only
    pg::vector<Feed> feeds; // columns; a change of any other used column may reach anything
};

struct Layout {
    int column; // of the document, index into Shape::columns
    LayoutNode *root;
    pg::vector<const char *> paths;  // by leaf: author.name
    pg::vector<SourceFeeds> sources; // as in Shape::sources
    Query *query;                    // the definition
    pg::vector<const char *> key;    // names of the key columns, in the order of Shape::key
};

// The definition with the key columns, in order, and the document reduced to `leaves`. As SQL; search_path must be
// pinned.
const char *reduced_query(const Layout &layout, Leaves leaves);

// The paths of a set of leaves: author.name, author.email.
const char *leaf_paths(const Layout &layout, Leaves leaves);

} // namespace tviews::definition
