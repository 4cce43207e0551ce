// dependency/program.hpp - capture programs: what a changed row of a relation means for each TVIEW that reads it.
//
// A Program is what capture has to look at in the rows of one physical relation (a table, a partition, a child, a TVIEW).
// It is built on first use and again when something it was made from has changed. Addresses stay valid for the session.
#pragma once

#include "dependency/dependency.hpp"

namespace tviews::dependency {

// A column that some use looks at, by attribute number of the physical relation.
struct Watched {
    AttrNumber attno;
    int16 length;
    bool by_value;
};

using ColumnMask = pg::vector<uint64>; // one bit per Program::watched

// A source of a TVIEW as the rows of one physical relation feed it. Attribute numbers are the physical relation's.
struct Use {
    Compiled *tview;
    int source; // index into Shape::sources
    const definition::Source *definition;
    ColumnMask used;
    ColumnMask path;
    pg::vector<AttrNumber> columns; // Route::key: the unit; Route::edge: the link
    pg::vector<bool> strict;        // by column: a row with NULL there does not count
    ExprState *filter = nullptr;    // nullptr: passes
    struct Away {
        CompiledEdge *edge;
        pg::vector<AttrNumber> near; // by LinkHash; empty: locked as a whole
    };
    pg::vector<Away> away; // those that need R entries
    // What a change can be patched by (definition/layout.hpp). By bit of ColumnMask; 0: it may reach anything.
    definition::Leaves confined = 0;
    pg::vector<definition::Leaves> feeds;
    int array = -1;    // SourceFeeds::array
    AttrNumber id = 0; // the column with the id of its elements
    ColumnMask steady;
};

struct ProgramBody {
    AttrNumber last_attno = 0; // slots are deformed up to here
    pg::vector<Watched> watched;
    pg::vector<Use *> uses;
    ExprContext *expressions = nullptr;
};

struct Program {
    Oid relation;
    const ProgramBody *body = nullptr; // valid until the next refreshed()
    bool valid = false;
    MemoryContext context = nullptr; // of the body
    uint64 epoch = 0;
    uint64 generation = 0;
};

// The up-to-date program of a relation; it may have no uses. Cheap when nothing has changed: programs are refreshed in
// place, so callers may keep the address and call refreshed().
Program *program_for(Oid relation);
Program *refreshed(Program *program);

} // namespace tviews::dependency
