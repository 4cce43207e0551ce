// refresh/maintain.cpp - the flush of one TVIEW, step by step as design 3.4 says; and the full refresh.
//
//   1. Edges, farthest from the key first: the link values queued for an edge, and those that a walk from the edges
//      behind it finds with a fresh snapshot, are locked before the next edge is looked at.
//   2. Keys: queued, and found by walking from the last edges; locked.
//   3. Fresh snapshot; recompute; write what differs.
// A snapshot is fresh when it was taken after the locks it relies on. At commit that is always the latest; in the middle
// of a REPEATABLE READ or SERIALIZABLE transaction it is the transaction's own, and what it cannot see is an error.
// Everything is allocated in "pg_tviews refresh", which goes at the end.
#include "refresh/maintain.hpp"

#include "config/settings.hpp"
#include "errors/errors.hpp"
#include "monitor/count.hpp"
#include "pg/guard.hpp"
#include "refresh/environment.hpp"
#include "refresh/locks.hpp"
#include "refresh/patching.hpp"
#include "refresh/recompute.hpp"
#include "refresh/refresh.hpp"
#include "refresh/walk.hpp"

extern "C" {
#include "portability/instr_time.h"
#include "storage/lmgr.h"
}

#include <optional>

namespace tviews::refresh {

namespace {

bool own_snapshot(Timing timing) { return timing == Timing::mid_transaction && IsolationUsesXactSnapshot(); }

Snapshot current_snapshot(Timing timing) {
    return own_snapshot(timing) ? GetTransactionSnapshot() : GetLatestSnapshot();
}

class Flush {
  public:
    Flush(dependency::Compiled &tview, const Changes &changes, Timing timing)
        : tview_(tview), changes_(changes), timing_(timing), walked_(tview.edges.size()),
          all_(changes.all || changes.keys.all()) {
        for (const EdgeChanges &edge : changes_.edges)
            all_ = all_ || edge.w.all();
    }

    // Locks, edge by edge, and collects the keys.
    void find_keys() {
        for (dependency::CompiledEdge *edge : tview_.edges)
            lock(*edge);
        for (const dependency::CompiledEdge *edge : tview_.edges)
            if (edge->edge->next == nullptr)
                walk_from(edge->edge->id, keys_);
        if (!changes_.keys.all())
            copy(changes_.keys, keys_);
        if (all_)
            lock_all_keys(tview_, timing_);
        else
            lock_keys(tview_, keys_, timing_);
    }

    const pg::ValueSet &keys() const noexcept { return keys_; }
    bool all() const noexcept { return all_; }

  private:
    static std::size_t at(int edge) noexcept { return static_cast<std::size_t>(edge); }

    static void copy(const Pending &pending, pg::ValueSet &to) {
        for (uint32 i = pending.begin(); i < pending.end; i++)
            (void) to.add((*pending.set)[i]);
    }

    void lock(dependency::CompiledEdge &edge) {
        pg::ValueSet &values = walked_[at(edge.edge->id)];
        const EdgeChanges &changes = changes_.edges[at(edge.edge->id)];
        if (!changes.w.all())
            copy(changes.w, values);
        for (const dependency::CompiledEdge *behind : tview_.edges)
            if (behind->edge->next == edge.edge)
                walk_from(behind->edge->id, values);
        lock_edge(tview_, edge, values, changes.r, timing_);
    }

    // When all rows are recomputed anyway, the level of all keys keeps everybody apart who could see only half.
    void walk_from(int number, pg::ValueSet &to) {
        pg::ValueSet const &from = walked_[at(number)];
        if (all_ || from.pending() == 0)
            return;
        dependency::CompiledEdge &edge = *tview_.edges[at(number)];
        if (edge.edge->direct_key) {
            for (uint32 i = 0; i < from.size(); i++)
                (void) to.add(from[i]);
            return;
        }
        pg::PushedSnapshot const snapshot(current_snapshot(timing_));
        walk(tview_, edge, from, to);
    }

    dependency::Compiled &tview_;
    const Changes &changes_;
    Timing timing_;
    pg::vector<pg::ValueSet> walked_; // W, by edge
    pg::ValueSet keys_;
    bool all_;
};

// Only now and then something is written, and a writer costs more than finding that out.
using LazyWriter = std::optional<Writer>;

void add_written(monitor::Refresh &done, const Written &written) noexcept {
    done.inserted = written.inserted;
    done.updated = written.updated;
    done.deleted = written.deleted;
    done.unchanged = written.unchanged;
}

monitor::Refresh run(dependency::Compiled &tview, const Changes &changes, Timing timing, Listener &listener,
                     const KeyConstraint **primary_key) {
    Relation const table = table_open(tview.table, RowExclusiveLock);
    Storage storage(tview, table);
    *primary_key = key_constraint(tview.schema, tview.name, table);
    LazyWriter writer;
    monitor::Refresh done;
    Flush flush(tview, changes, timing);
    std::optional<Progress> progress;
    if (flush.all()) {
        progress.emplace(tview.table, tview.name + 3, Phase::waiting);
        progress->total(storage.rows());
    }
    MemoryContext const context = CurrentMemoryContext;
    Trust const trust(tview.owner);
    require_all_rows(tview);
    {
        Environment const environment(tview);
        pg::SpiSession const spi;
        pg::ScopedContext const scope(context);
        uint64 const waits = lock_waits();
        flush.find_keys();
        done.lock_waits = lock_waits() - waits;
        done.full = flush.all();
        done.keys = flush.all() ? 0 : flush.keys().pending();
        if (flush.all() || flush.keys().pending() > 0) {
            pg::PushedSnapshot const snapshot(current_snapshot(timing));
            if (own_snapshot(timing))
                refuse_newer_rows(tview, storage, flush.keys(), flush.all());
            writer.emplace(tview, storage, listener, trust.context, primary_key);
            pg::ValueSet left;
            uint64 const patches = patched_documents();
            bool const patched = !flush.all() && !own_snapshot(timing) &&
                                 patch_documents(tview, changes, flush.keys(), *writer, left);
            done.patched = patched_documents() - patches;
            done.recomputed = patched ? left.pending() : done.keys;
            if (progress)
                progress->phase(Phase::comparing);
            recompute(tview, patched ? left : flush.keys(), flush.all(), changes.gone, *writer,
                      progress ? &*progress : nullptr);
        }
    }
    if (writer) {
        if (progress)
            progress->phase(Phase::writing);
        pg::PushedSnapshot const snapshot(current_snapshot(timing));
        SettingsScope const settings(trust);
        add_written(done, writer->finish([&] { listener.applied(flush.keys(), flush.all()); }));
    } else {
        listener.applied(flush.keys(), flush.all());
    }
    table_close(table, NoLock);
    return done;
}

void log_duration(const dependency::Compiled &tview, const monitor::Refresh &done, instr_time duration) {
    double const milliseconds = INSTR_TIME_GET_MILLISEC(duration);
    if (config::log_min_refresh_duration < 0 || milliseconds < config::log_min_refresh_duration)
        return;
    const char *const keys = done.full ? "all keys" : psprintf(UINT64_FORMAT " keys", done.keys);
    ereport(LOG, errhidestmt(true), errhidecontext(true),
            errmsg("duration: %.3f ms  refresh of TVIEW %s: %s, " UINT64_FORMAT " rows written", milliseconds,
                   tview.qualified, keys, done.written()));
}

// Deltas of a full refresh go to the queue as well.
class FullRefresh final : public Listener {
  public:
    void changed(Relation tview, Relation physical, TupleTableSlot *old_row,
                 TupleTableSlot *new_row) override;
    void applied(const pg::ValueSet &, bool) override {}
};

constinit RecordChange record_change = nullptr;

void FullRefresh::changed(Relation tview, Relation physical, TupleTableSlot *old_row,
                          TupleTableSlot *new_row) {
    if (record_change != nullptr)
        record_change(tview, physical, old_row, new_row);
}

class FillSink final : public pg::RowSink {
  public:
    FillSink(BulkWriter &writer, Progress &progress) : writer_(writer), progress_(progress) {}
    void row(TupleTableSlot *slot) override {
        progress_.row();
        writer_.insert(slot);
    }

  private:
    BulkWriter &writer_;
    Progress &progress_;
};

dependency::Compiled *must_compile(Oid table) {
    dependency::Compiled *const tview = dependency::compiled(table);
    if (tview == nullptr)
        ereport(ERROR, errcode(errors::metadata_not_found),
                errmsg("relation with OID %u is not a TVIEW", table));
    return tview;
}

// REFRESH MATERIALIZED VIEW holds its table lock when it comes to refresh TVIEWs, at its commit. Who held documents while
// waiting for that lock would deadlock with it.
void lock_materialized_views(const dependency::Compiled &tview) {
    for (Oid relation : tview.matviews)
        LockRelationOid(relation, AccessShareLock);
}

uint64 fill(dependency::Compiled &tview, Progress &progress) {
    Relation const table = table_open(tview.table, RowExclusiveLock);
    MemoryContext const context = CurrentMemoryContext;
    uint64 rows = 0;
    require_all_rows(tview);
    {
        Environment const environment(tview);
        pg::SpiSession const spi;
        pg::ScopedContext const scope(context);
        pg::PushedSnapshot const snapshot(GetLatestSnapshot());
        Storage storage(tview, table);
        BulkWriter writer(tview, storage);
        FillSink sink(writer, progress);
        progress.total(queries(tview).populate.estimated_rows());
        queries(tview).populate.query(nullptr, nullptr, sink);
        rows = writer.finish();
    }
    table_close(table, NoLock);
    return rows;
}

} // namespace

bool Pending::all() const noexcept { return !empty() && set->all_pending(); }

void set_recorder(RecordChange recorder) { record_change = recorder; }

uint64 maintain(dependency::Compiled &tview, const Changes &changes, Timing timing, Listener &listener) {
    lock_materialized_views(tview);
    MemoryContext const context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_tviews refresh", ALLOCSET_DEFAULT_SIZES);
    bool const counted = config::track() != config::Track::none;
    bool const timed = config::log_min_refresh_duration >= 0 || config::track() == config::Track::all;
    bool const compiled = !tview.refreshed;
    tview.refreshed = true;
    if (counted && !tview.counted)
        monitor::prepare_counters(tview.table);
    instr_time start;
    INSTR_TIME_SET_ZERO(start);
    if (timed)
        INSTR_TIME_SET_CURRENT(start);
    monitor::Refresh done;
    {
        pg::ScopedContext const scope(context);
        ErrorContext const error_context(tview, changes.sources);
        const KeyConstraint *primary_key = nullptr;
        done = pg::with_edited_error([&] { return run(tview, changes, timing, listener, &primary_key); },
                                     [&](ErrorData *error) {
                                         duplicate_key_edited(tview, primary_key, error);
                                         privilege_error_edited(tview, error);
                                         concurrent_write_edited(tview, error);
                                         if (counted)
                                             monitor::note_failure(tview.table);
                                     });
        if (timed) {
            instr_time duration;
            INSTR_TIME_SET_CURRENT(duration);
            INSTR_TIME_SUBTRACT(duration, start);
            log_duration(tview, done, duration);
            if (config::track() == config::Track::all)
                done.microseconds = std::max<int64>(1, INSTR_TIME_GET_MICROSEC(duration));
        }
    }
    if (counted) {
        done.compiled = compiled;
        tview.counted = monitor::count_refresh(tview.table, done);
    }
    MemoryContextDelete(context);
    return done.written();
}

uint64 full_refresh(Oid table) {
    dependency::Pin const tview(must_compile(table));
    Changes changes;
    changes.edges.resize(tview->edges.size());
    changes.all = true;
    FullRefresh listener;
    CommandCounterIncrement();
    return maintain(*tview, changes, Timing::commit, listener);
}

uint64 populate(Oid table, Progress &progress) {
    dependency::Pin const tview(must_compile(table));
    MemoryContext const context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_tviews refresh", ALLOCSET_DEFAULT_SIZES);
    CommandCounterIncrement();
    uint64 rows = 0;
    {
        pg::ScopedContext const scope(context);
        ErrorContext const error_context(*tview, 0);
        rows = fill(*tview, progress);
    }
    MemoryContextDelete(context);
    return rows;
}

void require_columns(Oid table) {
    dependency::Pin const tview(must_compile(table));
    pg::OpenRelation const relation(table, AccessShareLock);
    (void) definition_columns(*tview, relation.get());
}

} // namespace tviews::refresh
