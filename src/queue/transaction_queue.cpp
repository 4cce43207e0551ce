// queue/transaction_queue.cpp - sets, marks, and what the ends of transactions and subtransactions do to them.
//
// A subtransaction that changes nothing costs nothing: its mark is made by its first change. When it commits, its mark
// becomes its parent's, unless the parent has an older one; when it aborts, every set goes back to the mark.
#include "queue/transaction_queue.hpp"

#include "pg/guard.hpp"
#include "queue/queue.hpp"
#include "queue/written.hpp"
#include "refresh/maintain.hpp"

namespace tviews::queue {

namespace {

constinit TransactionQueue *queue = nullptr;
constinit uint64 epoch = 0;

} // namespace

TransactionQueue *current_queue() noexcept { return queue; }
uint64 queue_epoch() noexcept { return epoch; }

TransactionQueue &ensure_queue() {
    if (queue == nullptr) {
        MemoryContext const context =
            AllocSetContextCreate(TopTransactionContext, "pg_tviews queue", ALLOCSET_DEFAULT_SIZES);
        queue = pg::make_in<TransactionQueue>(context, context);
        epoch++;
    }
    return *queue;
}

bool TviewQueue::pending() const noexcept {
    if (keys->pending() > 0)
        return true;
    for (const EdgeSets &edge : edges)
        if (edge.w->pending() > 0 || edge.r->pending() > 0)
            return true;
    return false;
}

void TviewQueue::forget_leaves() noexcept {
    leaves = whole = 0;
    anything = gone = false;
    for (Elements &array : elements) {
        array.ids->clear();
        array.moved = false;
    }
}

void TviewQueue::collapse() {
    (void) keys->add_all();
    for (const EdgeSets &edge : edges)
        (void) edge.r->add_all();
}

bool TviewQueue::collapsed() const noexcept {
    if (!keys->all_pending())
        return false;
    for (const EdgeSets &edge : edges)
        if (!edge.r->all_pending())
            return false;
    return true;
}

pg::ValueSet *TransactionQueue::make_set() {
    auto *const set = pg::make_in<pg::ValueSet>(context_);
    sets_.push_back(set);
    return set;
}

TviewQueue &TransactionQueue::entry(dependency::Compiled &tview) {
    if (tview.queue_epoch == epoch)
        return *static_cast<TviewQueue *>(tview.queue_entry);
    TviewQueue *found = nullptr;
    for (TviewQueue *candidate : entries_)
        if (candidate->table == tview.table && candidate->signature == tview.signature &&
            candidate->edges.size() == tview.edges.size())
            found = candidate;
    if (found == nullptr) {
        found = pg::make_in<TviewQueue>(context_);
        found->table = tview.table;
        found->signature = tview.signature;
        found->suspended = is_suspended(tview.table);
        found->keys = make_set();
        for (std::size_t i = 0; i < tview.edges.size(); i++) {
            pg::ValueSet *const w = make_set();
            found->edges.push_back({w, make_set()});
        }
        for (std::size_t i = 0; i < tview.ids.size(); i++)
            found->elements.push_back({pg::make_in<pg::ValueSet>(context_)});
        entries_.push_back(found);
    }
    tview.queue_entry = found;
    tview.queue_epoch = epoch;
    return *found;
}

void TransactionQueue::mark(SubTransactionId current) {
    if (current != TopSubTransactionId && (marks_.empty() || marks_.back().id != current)) {
        pg::ScopedContext const scope(context_);
        Mark fresh{current, {}, suspended_};
        fresh.sets.reserve(sets_.size());
        for (const pg::ValueSet *set : sets_)
            fresh.sets.push_back(set->mark());
        marks_.push_back(std::move(fresh));
    }
    touched_ = current;
}

void TransactionQueue::subtransaction_committed(SubTransactionId id, SubTransactionId parent) noexcept {
    touched_ = InvalidSubTransactionId;
    if (marks_.empty() || marks_.back().id != id)
        return;
    bool const parent_has_one = marks_.size() > 1 && marks_[marks_.size() - 2].id == parent;
    if (parent_has_one || parent == TopSubTransactionId)
        marks_.pop_back(); // an abort of the whole transaction needs no mark
    else
        marks_.back().id = parent;
    shrink();
}

void TransactionQueue::subtransaction_aborted(SubTransactionId id) noexcept {
    touched_ = InvalidSubTransactionId;
    if (marks_.empty() || marks_.back().id != id)
        return;
    Mark &mark = marks_.back();
    for (std::size_t i = 0; i < sets_.size(); i++)
        sets_[i]->rollback_to(i < mark.sets.size() ? mark.sets[i] : pg::ValueSet::Mark{});
    suspended_.swap(mark.suspended);
    note_suspended();
    marks_.pop_back();
    shrink();
}

bool TransactionQueue::is_suspended(Oid table) const noexcept {
    return std::find(suspended_.begin(), suspended_.end(), table) != suspended_.end();
}

void TransactionQueue::note_suspended() noexcept {
    for (TviewQueue *entry : entries_)
        entry->suspended = is_suspended(entry->table);
}

void TransactionQueue::suspend(Oid table) {
    if (is_suspended(table))
        return;
    touch();
    suspended_.push_back(table);
    note_suspended();
}

void TransactionQueue::resume(Oid table) {
    touch();
    suspended_.erase(std::remove(suspended_.begin(), suspended_.end(), table), suspended_.end());
    note_suspended();
}

void TransactionQueue::resume_all() {
    if (suspended_.empty())
        return;
    touch();
    suspended_.clear();
    note_suspended();
}

bool TransactionQueue::pending() const noexcept {
    for (const TviewQueue *entry : entries_)
        if (entry->pending())
            return true;
    return false;
}

void TransactionQueue::shrink() noexcept {
    if (marked())
        return;
    for (pg::ValueSet *set : sets_)
        if (set->size() > 0 && set->base() == set->size())
            set->clear();
}

void TransactionQueue::revive() noexcept {
    for (pg::ValueSet *set : sets_)
        set->revive();
}

void TransactionQueue::forget(Oid table) noexcept {
    for (TviewQueue *entry : entries_) {
        if (entry->table != table)
            continue;
        entry->keys->flush_to(entry->keys->size(), true);
        for (EdgeSets &edge : entry->edges) {
            edge.w->flush_to(edge.w->size(), true);
            edge.r->flush_to(edge.r->size(), true);
        }
    }
}

bool empty() { return queue == nullptr || !queue->pending(); }

uint64 pending_values() {
    uint64 count = 0;
    if (queue != nullptr)
        for (const TviewQueue *entry : queue->entries()) {
            count += entry->keys->pending();
            for (const EdgeSets &edge : entry->edges)
                count += edge.w->pending() + edge.r->pending();
        }
    return count;
}

void forget(Oid tview) {
    if (queue == nullptr)
        return;
    queue->touch();
    queue->forget(tview);
    queue->shrink();
}

namespace {

void transaction_event(XactEvent event, void *) {
    pg::boundary([&] {
        switch (event) {
        case XACT_EVENT_PRE_COMMIT:
            before_commit(false);
            break;
        case XACT_EVENT_PRE_PREPARE:
            before_commit(true);
            break;
        case XACT_EVENT_COMMIT:
        case XACT_EVENT_ABORT:
        case XACT_EVENT_PREPARE:
            queue = nullptr; // its memory goes with the transaction
            flush_transaction_ended();
            dependency::end_of_transaction();
            break;
        case XACT_EVENT_PARALLEL_COMMIT:
        case XACT_EVENT_PARALLEL_ABORT:
        case XACT_EVENT_PARALLEL_PRE_COMMIT:
            break;
        }
    });
}

void subtransaction_event(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *) noexcept {
    if (event == SUBXACT_EVENT_ABORT_SUB) {
        flush_subtransaction_aborted(id);
        if (queue != nullptr)
            queue->subtransaction_aborted(id);
    } else if (event == SUBXACT_EVENT_COMMIT_SUB && queue != nullptr) {
        queue->subtransaction_committed(id, parent);
    }
}

} // namespace

void install_callbacks() {
    RegisterXactCallback(transaction_event, nullptr);
    RegisterSubXactCallback(subtransaction_event, nullptr);
    refresh::set_recorder(
        [](Relation tview, Relation physical, TupleTableSlot *old_row, TupleTableSlot *new_row) {
            note_written(tview, physical, old_row, new_row);
            record_change(physical, old_row, new_row);
        });
}

} // namespace tviews::queue
