// dependency/program.cpp - capture programs: which columns of a physical relation's rows matter, to which sources.
//
// Programs live in "pg_tviews programs" under TopMemoryContext, in a hash table by relation; what a program holds is in
// a context of its own that is reset when it is rebuilt. The rows of a partition or child feed the sources of every
// relation above it, with attribute numbers mapped by name.
#include "dependency/program.hpp"
#include "dependency/statistics.hpp"

#include "dependency/invalidation.hpp"

#include "catalog/triggers.hpp"
#include "pg/compat.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "access/attmap.h"
#include "access/sysattr.h"
#include "executor/executor.h"
#include "rewrite/rewriteManip.h"
}

namespace tviews::dependency {

namespace {

using Programs = pg::hash_map<Oid, Program *>;

constinit Programs *programs = nullptr;
constinit MemoryContext programs_context = nullptr;
constinit CacheStatistics counted;

// Attribute numbers of `ancestor` as those of the physical relation, by name; 0 where there is none (dropped).
pg::vector<AttrNumber> attribute_map(Oid ancestor, Relation physical) {
    pg::vector<AttrNumber> map;
    pg::OpenRelation const above(ancestor, AccessShareLock);
    TupleDesc const columns = RelationGetDescr(above.get());
    TupleDesc const own = RelationGetDescr(physical);
    for (int i = 0; i < columns->natts; i++) {
        Form_pg_attribute const column = TupleDescAttr(columns, i);
        AttrNumber found = 0;
        if (!column->attisdropped && ancestor == RelationGetRelid(physical))
            found = column->attnum;
        else if (!column->attisdropped)
            for (int j = 0; j < own->natts && found == 0; j++) {
                Form_pg_attribute const candidate = TupleDescAttr(own, j);
                if (!candidate->attisdropped &&
                    strcmp(NameStr(candidate->attname), NameStr(column->attname)) == 0)
                    found = candidate->attnum;
            }
        map.push_back(found);
    }
    return map;
}

class Builder {
  public:
    Builder(ProgramBody &body, MemoryContext context, Relation physical)
        : program_(body), context_(context), physical_(physical) {}

    void add_sources(Oid ancestor) {
        List *const dependents = catalog::dependents_of(ancestor);
        if (dependents == NIL)
            return;
        map_ = attribute_map(ancestor, physical_);
        // Pointers to Tview may go with the next catalog call: keep the OIDs.
        List *tables = NIL;
        for (const catalog::Tview *tview : pg::each<const catalog::Tview>(dependents))
            tables = lappend_oid(tables, tview->table);
        pg::each_oid(tables, [&](Oid table) {
            Compiled *const tview = compiled(table);
            if (tview == nullptr)
                return;
            for (std::size_t i = 0; i < tview->shape->sources.size(); i++)
                if (tview->shape->sources[i]->relation == ancestor)
                    add_use(tview, static_cast<int>(i));
        });
    }

  private:
    AttrNumber physical(AttrNumber attno) const {
        return attno > 0 && static_cast<std::size_t>(attno) <= map_.size()
                   ? map_[static_cast<std::size_t>(attno - 1)]
                   : 0;
    }

    // The index of a physical column in Program::watched.
    std::size_t watch(AttrNumber attno) {
        for (std::size_t i = 0; i < program_.watched.size(); i++)
            if (program_.watched[i].attno == attno)
                return i;
        Form_pg_attribute const column = TupleDescAttr(RelationGetDescr(physical_), attno - 1);
        program_.watched.push_back({attno, column->attlen, column->attbyval});
        program_.last_attno = std::max(program_.last_attno, attno);
        return program_.watched.size() - 1;
    }

    void watch_into(ColumnMask &mask, AttrNumber attno) {
        if (attno <= 0)
            return;
        std::size_t const bit = watch(attno);
        if (mask.size() <= bit / 64)
            mask.resize(bit / 64 + 1, 0);
        mask[bit / 64] |= uint64(1) << (bit % 64);
    }

    // Members are column numbers of the source's relation, offset by FirstLowInvalidHeapAttributeNumber.
    void watch_all(ColumnMask &mask, const Bitmapset *columns) {
        for (int member = -1; (member = bms_next_member(columns, member)) >= 0;) {
            auto const attno = static_cast<AttrNumber>(member + FirstLowInvalidHeapAttributeNumber);
            if (attno == 0) // the whole row
                for (AttrNumber column : map_)
                    watch_into(mask, column);
            else
                watch_into(mask, physical(attno));
        }
    }

    void needed(AttrNumber attno) {
        if (attno <= 0)
            elog(ERROR, "a column that the definition of a TVIEW links by is missing in relation \"%s\"",
                 RelationGetRelationName(physical_));
        program_.last_attno = std::max(program_.last_attno, attno);
    }

    void add_use(Compiled *tview, int index) {
        const definition::Source *const source = tview->shape->sources[static_cast<std::size_t>(index)];
        auto *use = pg::make_in<Use>(context_);
        use->tview = tview;
        use->source = index;
        use->definition = source;
        watch_all(use->used, source->used);
        watch_all(use->used, source->path);
        watch_all(use->path, source->path);
        if (source->route == definition::Route::key) {
            for (AttrNumber attno : source->key) {
                needed(physical(attno));
                use->columns.push_back(physical(attno));
                use->strict.push_back(true);
                watch_into(use->used, physical(attno));
                watch_into(use->path, physical(attno));
            }
        } else if (source->route == definition::Route::edge) {
            const definition::Edge *const edge = source->toward;
            for (std::size_t i = 0; i < edge->link.size(); i++) {
                needed(physical(edge->link[i].attno));
                use->columns.push_back(physical(edge->link[i].attno));
                bool strict = edge->direct_key;
                for (const definition::Equality &equality : edge->equalities)
                    strict = strict || equality.link == static_cast<int>(i);
                use->strict.push_back(strict);
                watch_into(use->used, physical(edge->link[i].attno));
                watch_into(use->path, physical(edge->link[i].attno));
            }
        }
        for (definition::Edge *edge : source->away) {
            if (edge->direct_key)
                continue;
            Use::Away away{tview->edges[static_cast<std::size_t>(edge->id)], {}};
            for (const LinkHash &hash : away.edge->hashes) {
                needed(physical(hash.near_attno));
                away.near.push_back(physical(hash.near_attno));
                watch_into(use->used, physical(hash.near_attno));
                watch_into(use->path, physical(hash.near_attno));
            }
            use->away.push_back(std::move(away));
        }
        add_filter(*use, source->filters);
        if (tview->shape->layout != nullptr) {
            definition::SourceFeeds const &feeds =
                tview->shape->layout->sources[static_cast<std::size_t>(index)];
            use->confined = feeds.confined;
            for (const definition::Feed &feed : feeds.feeds)
                if (physical(feed.attno) > 0)
                    feed_from(*use, watch(physical(feed.attno)), feed.leaves);
            AttrNumber const id =
                feeds.array < 0
                    ? AttrNumber(0)
                    : physical(tview->shape->layout->arrays[static_cast<std::size_t>(feeds.array)].attno);
            if (id > 0) {
                use->array = feeds.array;
                use->id = id;
                (void) watch(id);
                watch_all(use->steady, feeds.steady);
            }
        }
        program_.uses.push_back(use);
    }

    static void feed_from(Use &use, std::size_t bit, definition::Leaves leaves) {
        if (use.feeds.size() <= bit)
            use.feeds.resize(bit + 1, 0);
        use.feeds[bit] = leaves;
    }

    // A filter that cannot be expressed over this relation's rows is left out: the row then counts, which is safe.
    void add_filter(Use &use, List *filters) {
        if (filters == NIL)
            return;
        AttrMap *const map = make_attrmap(static_cast<int>(map_.size()));
        for (std::size_t i = 0; i < map_.size(); i++)
            map->attnums[i] = map_[i];
        bool whole_row = false;
        Node *const mapped = map_variable_attnos(static_cast<Node *>(copyObjectImpl(filters)), 1, 0, map,
                                                 InvalidOid, &whole_row);
        if (whole_row)
            return;
        // Functions in it are checked for, and belong to, the owner of the TVIEW.
        pg::SecurityScope const role(use.tview->owner, SECURITY_LOCAL_USERID_CHANGE);
        auto *const planned = reinterpret_cast<List *>(expression_planner(reinterpret_cast<Expr *>(mapped)));
        auto visit = [&](Node *node) {
            if (IsA(node, Var))
                needed(reinterpret_cast<Var *>(node)->varattno);
            return false;
        };
        pg::walk(reinterpret_cast<Node *>(planned), visit);
        use.filter = ExecInitQual(planned, nullptr);
        if (program_.expressions == nullptr)
            program_.expressions = CreateStandaloneExprContext();
    }

    ProgramBody &program_;
    MemoryContext context_;
    Relation physical_;
    pg::vector<AttrNumber> map_;
};

void build(Program &program) {
    program.valid = false;
    program.body = nullptr;
    if (program.context == nullptr)
        program.context = AllocSetContextCreate(programs_context, "pg_tviews program", ALLOCSET_SMALL_SIZES);
    MemoryContextReset(program.context);
    pg::ScopedContext const scope(program.context);
    auto *body = pg::make_in<ProgramBody>(program.context);
    // An invalidation while building makes it out of date again at the next use.
    register_callbacks();
    program.valid = true;
    program.epoch = epoch();
    program.generation = catalog::generation();
    {
        pg::OpenRelation const physical(program.relation, AccessShareLock);
        Builder builder(*body, program.context, physical.get());
        List *const trees = ancestors_and_self(program.relation);
        pg::each_oid(trees, [&](Oid ancestor) { builder.add_sources(ancestor); });
    }
    std::size_t const words = (body->watched.size() + 63) / 64;
    for (Use *use : body->uses) {
        use->used.resize(words, 0);
        use->path.resize(words, 0);
        use->feeds.resize(body->watched.size(), 0);
        use->steady.resize(words, 0);
    }
    program.body = body;
}

bool current(const Program &program) {
    return program.valid && program.body != nullptr && program.epoch == epoch() &&
           program.generation == catalog::generation();
}

} // namespace

List *ancestors_and_self(Oid relation) {
    List *result = list_make1_oid(relation);
    for (int i = 0; i < list_length(result); i++)
        result = list_concat_unique_oid(result, pg::parents_of(list_nth_oid(result, i)));
    return result;
}

bool is_read_from_above(Oid relation) {
    List *const tree = ancestors_and_self(relation);
    for (int i = 0; i < list_length(tree); i++)
        if (list_nth_oid(tree, i) != relation && catalog::dependents_of(list_nth_oid(tree, i)) != NIL)
            return true;
    return false;
}

bool is_read(Oid relation) { return catalog::dependents_of(relation) != NIL || is_read_from_above(relation); }

List *reader_names(Oid relation) {
    List *tables = NIL;
    pg::each_oid(ancestors_and_self(relation), [&](Oid above) {
        for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::dependents_of(above)))
            tables = list_append_unique_oid(tables, tview->table);
    });
    List *names = NIL;
    pg::each_oid(tables, [&](Oid table) {
        if (const catalog::Tview *const tview = catalog::find_by_table(table))
            names = lappend(names, pstrdup(tview->entity));
    });
    return names;
}

bool feeds_replica_maintenance(Oid relation) {
    bool result = false;
    pg::each_oid(ancestors_and_self(relation), [&](Oid above) {
        for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::dependents_of(above)))
            result = result || catalog::replica_maintained(tview->table);
    });
    return result;
}

Program *refreshed(Program *program) {
    // Building takes locks, and locks bring invalidations.
    if (current(*program)) {
        counted.hits++;
        return program;
    }
    counted.misses++;
    counted.evictions += program->body != nullptr;
    for (int attempt = 0; attempt < 5 && !current(*program); attempt++)
        build(*program);
    return program;
}

Program *program_for(Oid relation) {
    if (programs == nullptr) {
        programs_context =
            AllocSetContextCreate(TopMemoryContext, "pg_tviews programs", ALLOCSET_SMALL_SIZES);
        programs = pg::make_in<Programs>(programs_context);
    }
    auto const found = programs->find(relation);
    if (found != programs->end())
        return refreshed(found->second);
    pg::ScopedContext const scope(programs_context);
    auto *program = pg::make_in<Program>(programs_context);
    program->relation = relation;
    programs->emplace(relation, program);
    return refreshed(program);
}

void program_invalidated(Oid relation) noexcept {
    if (programs == nullptr)
        return;
    if (!OidIsValid(relation)) {
        for (auto &entry : *programs)
            entry.second->valid = false;
        return;
    }
    auto const found = programs->find(relation);
    if (found != programs->end())
        found->second->valid = false;
}

CacheStatistics program_statistics() {
    CacheStatistics result = counted;
    if (programs != nullptr) {
        result.entries = programs->size();
        result.bytes = MemoryContextMemAllocated(programs_context, true);
    }
    return result;
}

} // namespace tviews::dependency
