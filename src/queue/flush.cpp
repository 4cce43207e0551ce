// queue/flush.cpp - brings TVIEWs up to date, one after the other in the total order (depth, oid).
//
// Each is done completely before the next: its rows that changed are changes for those built on it, queued before they
// are locked. After each the search for the next starts again, because user triggers on a TVIEW may have written base
// tables, or read a TVIEW, which flushes inside this flush. At READ COMMITTED a flush is final; at REPEATABLE READ and
// SERIALIZABLE what it did is done again at commit, with the latest snapshot.
#include "queue/queue.hpp"
#include "queue/transaction_queue.hpp"
#include "queue/written.hpp"

#include "errors/errors.hpp"
#include "pg/list.hpp"
#include "refresh/maintain.hpp"

extern "C" {
#include "commands/trigger.h"
}

namespace tviews::queue {

namespace {

using refresh::Timing;

// A TVIEW that needs bringing up to date this often in one flush is in a loop of triggers.
constexpr int max_rounds = 1000;

// The subtransaction whose flush is between its locks and its last write; InvalidSubTransactionId: none.
constinit SubTransactionId flushing_in = InvalidSubTransactionId;

class Listener final : public refresh::Listener {
  public:
    Listener(TransactionQueue &queue, TviewQueue &entry, const refresh::Changes &changes, Timing timing)
        : queue_(queue), entry_(entry), changes_(changes),
          final_(timing != Timing::mid_transaction || !IsolationUsesXactSnapshot()),
          keys_end_(changes.keys.end) {}

    void changed(Relation tview, Relation physical, TupleTableSlot *old_row,
                 TupleTableSlot *new_row) override {
        note_written(tview, physical, old_row, new_row);
        record_change(physical, old_row, new_row);
    }

    void applied(const pg::ValueSet &keys, bool all) override {
        if (!final_) {
            remember(keys, all);
            queue_.repeat_at_commit = true;
        }
        entry_.keys->flush_to(keys_end_, final_);
        for (std::size_t i = 0; i < entry_.edges.size(); i++) {
            entry_.edges[i].w->flush_to(changes_.edges[i].w.end, final_);
            entry_.edges[i].r->flush_to(changes_.edges[i].r.end, final_);
        }
        // Definitions that are not in force any more have been dealt with as "all keys".
        for (TviewQueue *other : queue_.entries())
            if (other != &entry_ && other->table == entry_.table) {
                other->keys->flush_to(other->keys->size(), final_);
                for (EdgeSets &edge : other->edges) {
                    edge.w->flush_to(edge.w->size(), final_);
                    edge.r->flush_to(edge.r->size(), final_);
                }
            }
        if (!entry_.pending())
            entry_.since = 0;
        if (final_ && !queue_.marked() && !entry_.pending())
            entry_.forget_leaves();
        queue_.shrink();
        flushing_in = InvalidSubTransactionId; // user triggers may read TVIEWs
    }

  private:
    // Every key processed has to be processed again at commit. Entries added meanwhile stay pending, and keys after them
    // too, which costs another look at most.
    void remember(const pg::ValueSet &keys, bool all) {
        bool const undisturbed = entry_.keys->size() == keys_end_;
        entry_.anything = true; // what others have committed meanwhile is not in the rows computed now
        if (all)
            (void) entry_.keys->add_all();
        for (uint32 i = 0; !all && i < keys.size(); i++)
            (void) entry_.keys->add(keys[i]);
        if (undisturbed)
            keys_end_ = entry_.keys->size();
    }

    TransactionQueue &queue_;
    TviewQueue &entry_;
    const refresh::Changes &changes_;
    bool final_;
    uint32 keys_end_;
};

uint64 flush_tview(TransactionQueue &queue, Oid table, Timing timing) {
    dependency::Compiled *const compiled = dependency::compiled(table);
    if (compiled == nullptr) { // dropped
        queue.forget(table);
        queue.shrink();
        return 0;
    }
    dependency::Pin const tview(compiled);
    TviewQueue &entry = queue.entry(*tview);
    refresh::Changes changes;
    for (const EdgeSets &edge : entry.edges)
        changes.edges.push_back({{edge.w, edge.w->size()}, {edge.r, edge.r->size()}});
    changes.keys = {entry.keys, entry.keys->size()};
    changes.sources = entry.sources;
    changes.gone = entry.gone;
    if (!entry.anything) {
        changes.leaves = entry.leaves;
        changes.elements = entry.leaves & ~entry.whole;
        for (const TviewQueue::Elements &array : entry.elements)
            changes.arrays.push_back({array.ids, array.moved});
    }
    for (const TviewQueue *other : queue.entries())
        if (other != &entry && other->table == table && other->pending())
            changes.all = true;
    Listener listener(queue, entry, changes, timing);
    flushing_in = GetCurrentSubTransactionId();
    uint64 const rows = refresh::maintain(*tview, changes, timing, listener);
    flushing_in = InvalidSubTransactionId;
    return rows;
}

// The first TVIEW in the total order that has something pending and is among `wanted` (NIL: any).
Oid next_pending(const TransactionQueue &queue, List *wanted) {
    Oid best = InvalidOid;
    int best_depth = 0;
    for (const TviewQueue *entry : queue.entries()) {
        if (!entry->pending() || (wanted != NIL && !list_member_oid(wanted, entry->table)))
            continue;
        int const depth = dependency::depth(entry->table);
        if (!OidIsValid(best) || depth < best_depth || (depth == best_depth && entry->table < best)) {
            best = entry->table;
            best_depth = depth;
        }
    }
    return best;
}

struct Work {
    uint64 rows = 0;
    bool any = false;
};

Work flush(List *wanted, Timing timing) {
    Work work;
    TransactionQueue *const queue = current_queue();
    if (queue == nullptr || flushing() || !queue->pending())
        return work;
    if (IsInParallelMode())
        ereport(ERROR, errcode(ERRCODE_INVALID_TRANSACTION_STATE),
                errmsg("cannot bring a TVIEW up to date during a parallel operation"),
                errhint("Mark the function that reads the TVIEW as PARALLEL UNSAFE."));
    MemoryContext const context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_tviews flush", ALLOCSET_SMALL_SIZES);
    {
        pg::ScopedContext const scope(context);
        queue->touch();
        CommandCounterIncrement(); // the statement's own changes count
        int rounds = 0;
        for (Oid table; OidIsValid(table = next_pending(*queue, wanted)); work.any = true) {
            if (++rounds > max_rounds)
                ereport(
                    ERROR, errcode(errors::cascade_failed),
                    errmsg("TVIEW \"%s\" is not up to date after %d refreshes in one transaction",
                           get_rel_name(table), max_rounds),
                    errhint("Look for triggers that keep changing what each other's TVIEWs are made of."));
            work.rows += flush_tview(*queue, table, timing);
        }
    }
    MemoryContextDelete(context);
    return work;
}

// `relations` and everything they are built on, as far as they are TVIEWs.
List *with_upstream(List *relations) {
    List *result = NIL;
    pg::each_oid(relations, [&](Oid relation) {
        if (!list_member_oid(result, relation))
            result = list_concat_unique_oid(result, dependency::upstream(relation));
    });
    return result;
}

} // namespace

bool flushing() { return flushing_in != InvalidSubTransactionId; }

void flush_subtransaction_aborted(SubTransactionId id) noexcept {
    if (flushing_in == id)
        flushing_in = InvalidSubTransactionId;
}

void flush_transaction_ended() noexcept { flushing_in = InvalidSubTransactionId; }

uint64 flush_all() { return flush(NIL, Timing::mid_transaction).rows; }

bool pending_for(List *relations) {
    TransactionQueue *const queue = current_queue();
    if (queue == nullptr || !queue->pending())
        return false;
    List *const wanted = with_upstream(relations);
    return wanted != NIL && OidIsValid(next_pending(*queue, wanted));
}

bool flush_before_read(List *relations) {
    TransactionQueue *const queue = current_queue();
    if (queue == nullptr || flushing() || !queue->pending())
        return false;
    List *const wanted = with_upstream(relations);
    return wanted != NIL && flush(wanted, Timing::mid_transaction).any;
}

void suspend(List *tables) {
    TransactionQueue &queue = ensure_queue();
    pg::each_oid(tables, [&](Oid table) { queue.suspend(table); });
}

void resume(Oid table) {
    TransactionQueue *const queue = current_queue();
    if (queue == nullptr)
        return;
    List *resumed = NIL;
    for (Oid suspended : queue->suspended())
        if (!OidIsValid(table) || suspended == table)
            resumed = lappend_oid(resumed, suspended);
    pg::each_oid(resumed, [&](Oid one) { queue->resume(one); });
    (void) flush_before_read(resumed);
}

void before_commit(bool prepare) {
    for (int round = 0; TransactionQueue *const queue = current_queue(); round++) {
        queue->resume_all(); // what deferred triggers change from now on is little
        if (queue->repeat_at_commit)
            queue->revive();
        queue->repeat_at_commit = false;
        if (!queue->pending())
            return;
        if (round > max_rounds)
            ereport(ERROR, errcode(errors::cascade_failed),
                    errmsg("deferred triggers keep changing what TVIEWs are made of"),
                    errhint("Look for triggers that undo each other's changes."));
        (void) flush(NIL, prepare ? Timing::prepare : Timing::commit);
        AfterTriggerFireDeferred();
    }
}

} // namespace tviews::queue
