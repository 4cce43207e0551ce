// dependency/dependency.hpp - the session's compiled TVIEWs. What changed rows mean for them: program.hpp.
//
// A Compiled is a TVIEW ready for maintenance: its Shape and the saved plans of its edges, in a context of its own
// ("pg_tviews shape"). It is built on first use and again when something it was made from has changed; one that a flush
// holds by a Pin is kept until the Pin ends.
#pragma once

#include "catalog/catalog.hpp"
#include "definition/layout.hpp"
#include "pg/memory.hpp"
#include "pg/rendering.hpp"
#include "pg/spi.hpp"
#include "pg/value_set.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace tviews::dependency {

// One equality of a link, with the functions that hash its two sides to the same value.
struct LinkHash {
    int link;              // index into Edge::link
    AttrNumber near_attno; // in the near source's relation
    FmgrInfo far;
    FmgrInfo near;
    Oid collation;
};

struct CompiledEdge {
    const definition::Edge *edge;
    pg::TupleFormat format;      // of its link values
    pg::vector<LinkHash> hashes; // when locked by value
    pg::Plan point;
    pg::Plan set;
};

struct Compiled {
    Oid table;
    Oid view;
    Oid owner;
    bool partitioned; // the table is
    int depth;        // 1: built on base tables only
    uint64 signature; // equal for equal definitions: queued link values of another one are useless
    const char *schema;
    const char *name;      // of the table
    const char *qualified; // schema.table, quoted
    const char *qualified_view;
    List *key_columns; // of char *
    pg::vector<catalog::Setting> settings;
    pg::Rendering rendering; // what `settings` amount to in this session, once they have been in force
    definition::Shape *shape;
    pg::vector<const char *> source_names; // by source: the relation's name, for messages
    pg::vector<CompiledEdge *> edges;      // as in Shape::edges
    pg::TupleFormat unit;                  // of the unit: what keys are
    pg::vector<pg::TupleFormat> ids;       // of elements, as in Layout::arrays

    MemoryContext context;
    uint64 fingerprint;           // of the catalog row it was made from
    uint64 generation = 0;        // of the catalog when that was last looked at; 0: never
    pg::vector<Oid> involved;     // sorted; a change of one makes this stale
    pg::vector<Oid> matviews;     // among the sources, sorted
    pg::vector<pg::Plan *> plans; // all that have to be released with it
    bool replica_maintained;      // catalog::replica_maintained()
    bool stale = false;
    uint64 roles_checked = 0; // catalog::roles_generation() when its owner was found to see all rows
    int pins = 0;

    bool refreshed = false;      // refresh's own: it has been
    bool counted = false;        // and there are counters for it
    void *maintenance = nullptr; // refresh's own, in `context`
    void *queue_entry = nullptr; // queue's own, valid for the transaction numbered queue_epoch
    uint64 queue_epoch = 0;
};

// nullptr when `table` is no TVIEW. Valid until the next call unless pinned.
Compiled *compiled(Oid table);

// Keeps a Compiled alive. An abort releases pins made in the transaction.
class Pin {
  public:
    explicit Pin(Compiled *tview);
    ~Pin();
    Pin(const Pin &) = delete;
    Pin &operator=(const Pin &) = delete;
    Compiled *operator->() const noexcept { return tview_; }
    Compiled &operator*() const noexcept { return *tview_; }

  private:
    Compiled *tview_;
    int entered_;
};

// The relations in the inheritance and partition tree above `relation`, nearest first, `relation` itself included.
List *ancestors_and_self(Oid relation);
// Does a TVIEW read the relation, by itself or as a part of such a tree? Only as a part?
bool is_read(Oid relation);
bool is_read_from_above(Oid relation);
// Entities of the TVIEWs that do, each once. List of char *.
List *reader_names(Oid relation);

// Does a TVIEW that is maintained on replicated changes read `relation`, or a relation above it?
bool feeds_replica_maintenance(Oid relation);
// Why changes of the relation must be captured row by row, as a sentence without its end; nullptr: by statement will do.
const char *needs_row_triggers(Oid relation);

// Depth in the cascade; 0 for anything that is not a TVIEW.
int depth(Oid relation);
// `table` and every TVIEW it is built on, in the total order of flushes. List of Oid.
List *upstream(Oid table);

// Releases pins and what waited for them. Called at the end of every transaction; must not fail.
void end_of_transaction() noexcept;

} // namespace tviews::dependency
