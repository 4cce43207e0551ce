// queue/transaction_queue.hpp - private to queue/: the sets of one transaction and their marks.
#pragma once

#include "dependency/dependency.hpp"
#include "pg/value_set.hpp"

namespace tviews::queue {

struct EdgeSets {
    pg::ValueSet *w; // link values of changed rows behind the edge; "all": every key may be affected
    pg::ValueSet *r; // lock hashes of link values that rows newly look through; "all": of any value
};

// What is queued for one definition of one TVIEW. When the definition changes in mid-transaction, sets of the old one
// stay, since ROLLBACK TO may bring it back; while another one is in force they mean "all keys".
struct TviewQueue {
    Oid table;
    uint64 signature;
    pg::ValueSet *keys;
    pg::vector<EdgeSets> edges; // as in Shape::edges
    uint64 sources = 0;         // bit i: source i has changed; for messages
    TimestampTz since = 0;      // start of the statement that queued the first pending change; 0: none
    TimestampTz last = 0;       // and of the latest
    bool suspended = false;     // a change means "all", and that once is enough
    // The leaves that what is pending can reach, or anything. Never taken back by a rollback: too much is harmless.
    definition::Leaves leaves = 0;
    bool anything = false;
    bool gone = false;            // rows that carry the key have been deleted; never taken back either
    definition::Leaves whole = 0; // of the leaves, those reached otherwise than by single elements
    struct Elements {
        pg::ValueSet *ids;
        bool moved = false; // not all of them have kept their places
    };
    pg::vector<Elements> elements; // as in Layout::arrays

    void forget_leaves() noexcept;

    bool pending() const noexcept;
    // "All", as when rows have come and gone unseen: every key may be affected, and rows may newly look through any value.
    void collapse();
    // Is that pending, so that no change can add anything?
    bool collapsed() const noexcept;
};

// Rows of one TVIEW that this transaction has written: see written.cpp.
struct WrittenSet {
    Oid table;
    AttrNumber id;
    pg::vector<AttrNumber> key;
    pg::TupleFormat format;
    pg::ValueSet *rows;
};

class TransactionQueue {
  public:
    explicit TransactionQueue(MemoryContext context) : context_(context) {}

    // The sets for the definition that is compiled now.
    TviewQueue &entry(dependency::Compiled &tview);
    const pg::vector<TviewQueue *> &entries() const noexcept { return entries_; }

    const pg::vector<WrittenSet *> &written() const noexcept { return written_; }
    template <typename F> WrittenSet &add_written(Oid table, F &&fill) {
        pg::ScopedContext const scope(context_);
        auto *const set = pg::make_in<WrittenSet>(context_);
        set->table = table;
        set->rows = make_set();
        fill(*set);
        written_.push_back(set);
        return *set;
    }

    // Call before anything changes: the first change in a subtransaction makes a mark.
    void touch() {
        SubTransactionId const current = GetCurrentSubTransactionId();
        if (current != touched_)
            mark(current);
    }
    bool marked() const noexcept { return !marks_.empty(); }
    void subtransaction_committed(SubTransactionId id, SubTransactionId parent) noexcept;
    void subtransaction_aborted(SubTransactionId id) noexcept;

    bool pending() const noexcept;
    // TVIEWs whose changes are not captured one by one. As much a part of what ROLLBACK TO brings back as the sets.
    const pg::vector<Oid> &suspended() const noexcept { return suspended_; }
    void suspend(Oid table);
    void resume(Oid table);
    void resume_all();
    // Gives the memory of sets that are done for good back, when no mark needs them.
    void shrink() noexcept;
    // Everything that is not done for good is pending again.
    void revive() noexcept;
    void forget(Oid table) noexcept;

    // Set when a flush at REPEATABLE READ has to be repeated at commit.
    bool repeat_at_commit = false;

  private:
    struct Mark {
        SubTransactionId id;
        pg::vector<pg::ValueSet::Mark> sets; // of the first sets_.size() sets; later ones were empty
        pg::vector<Oid> suspended;
    };

    pg::ValueSet *make_set();
    void mark(SubTransactionId current);
    bool is_suspended(Oid table) const noexcept;
    void note_suspended() noexcept; // in the entries

    MemoryContext context_;
    pg::vector<TviewQueue *> entries_;
    pg::vector<pg::ValueSet *> sets_; // all, in the order they were made
    pg::vector<Mark> marks_;          // outer to inner
    pg::vector<Oid> suspended_;
    pg::vector<WrittenSet *> written_;
    SubTransactionId touched_ = TopSubTransactionId;
};

// nullptr when nothing has been queued in this transaction.
TransactionQueue *current_queue() noexcept;
TransactionQueue &ensure_queue();
// Numbers the queues of a session, for pointers cached across transactions.
uint64 queue_epoch() noexcept;

// Flush state, for the callbacks.
void flush_subtransaction_aborted(SubTransactionId id) noexcept;
void flush_transaction_ended() noexcept;

} // namespace tviews::queue
