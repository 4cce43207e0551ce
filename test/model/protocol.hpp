// protocol.hpp - transactions under the lock protocol of docs/adr/0002, as atomic steps that may be interleaved at will.
//
// A step is what nobody can get between: one row written, one lock taken, one look with one snapshot, one commit.
#pragma once

#include <type_traits>

#include "world.hpp"

namespace model {

constexpr int max_transactions = 4;

// The rules that can be left out, to see that the model notices.
struct Rules {
    bool r = true;              // R for what a new row version looks through
    bool w = true;              // W for what changed behind a value
    bool crossed = true;        // W on the values a walk finds on its way, before it goes on
    bool old_version = true;    // W and keys of the old version of a row
    bool keys = true;           // X on keys
    bool late_snapshot = true;  // compute with a snapshot taken after the last lock
    bool late_reading = true;   // READ COMMITTED: the reading query's snapshot is taken after its flush
    bool repeat_entries = true; // REPEATABLE READ: at commit, everything again: what was queued,
    bool repeat_keys = true;    // and the keys computed
    bool r_of_all = true;       // who computes all keys takes R all the same
    bool x_of_all = true;       // ... and keeps holders of single keys apart
    bool r_of_arrivals = true;  // rows that come without triggers: R on whole edges
    bool repeat_whole = true;   // what was computed under an old snapshot is not patched but computed again
    bool all_reached =
        true; // a document is patched by all that the transaction has changed, not by the last change
};

// The name on the command line, and the switch.
struct NamedRule {
    const char *name;
    bool Rules::*member;
};
extern const std::array<NamedRule, 14> named_rules;

enum class Kind { insert, update, remove, read, savepoint, rollback_to, refresh, arrive };

struct Operation {
    Kind kind = Kind::read;
    int table = 0, slot = 0; // of a TVIEW's number: refresh
    int column = 0;
    std::int16_t value = 0;
    Row row;
};

struct Program {
    std::vector<Operation> operations;
    bool repeatable_read = false;
    bool rolls_back = false;
    int collapse = slots; // more values than this in a queue become "all"
    int escalate = slots; // more values than this are locked as a whole
};

struct Workload {
    const Shape *shape = nullptr;
    Database start{};
    std::vector<Program> programs;
    [[nodiscard]] bool flushes_early() const; // somebody takes locks before its commit
};

// A set of values; `all_values` when it has collapsed.
using Values = std::int16_t;
constexpr Values all_values = 1 << 8;

struct ViewQueue {
    std::array<Values, max_sources> w{}, r{};
    Values keys = 0;
    Values reached =
        0; // parts of the documents that the changes can reach, by child of source 0; all_values: anything
    [[nodiscard]] bool empty() const { return *this == ViewQueue{}; }
    bool operator==(const ViewQueue &) const = default;
};
using Queue = std::array<ViewQueue, max_views>;

// Lock modes as bits, weaker first.
using Mode = std::int16_t;
constexpr Mode row_share = 1, row_exclusive = 2, share = 4, share_row_exclusive = 8, exclusive = 16;

// Node 0: the keys of a TVIEW; other nodes: the edge from that source. Behind the values stands the whole.
constexpr int whole = slots;
using NodeLocks = std::array<Mode, slots + 1>;
using Locks = std::array<std::array<NodeLocks, max_sources>, max_views>;

using Written = std::array<std::array<std::int16_t, slots>, max_tables>;

struct Undo {
    Database own{};
    Written written{};
    Queue queue{}, done{};
    Locks locks{};
};

enum class Flush : std::int16_t { none, read, commit, refresh };

struct Transaction {
    std::int16_t ended = 0;
    std::int16_t next = 0; // operation
    Database own{};        // rows written, where `written`
    Written written{};
    Queue queue{};
    Queue done{}; // REPEATABLE READ: to be done again at commit
    Locks locks{};
    std::int16_t has_snapshot = 0;
    Database snapshot{}; // REPEATABLE READ
    std::int16_t has_undo = 0;
    Undo undo{};

    Flush flush = Flush::none;
    std::int16_t view = 0;
    std::int16_t stage = 0; // 0: begin the TVIEW; 1...: edges; then keys; then compute
    std::array<Values, max_sources> walked{};
    Values keys = 0;
    NodeLocks wanted{}; // still to be taken on `node`
    std::int16_t node = 0;
    std::int16_t has_early = 0;
    Database early{}; // of a broken rule: a snapshot taken too early
};

struct State {
    Database committed{};
    std::array<Transaction, max_transactions> transactions{};
    std::int16_t commits = 0;
};
static_assert(std::has_unique_object_representations_v<State>); // it is hashed byte by byte

class Protocol {
  public:
    Protocol(const Workload &workload, const Rules &rules)
        : work_(workload), shape_(*workload.shape), rules_(rules) {}

    // One step of a transaction. Returns the transactions it waits for, as bits; 0: it was done. `say`: what it was.
    // `violation`: what is wrong since.
    unsigned step(State &state, int number, std::string &violation, std::string *say) const;
    void abort(State &state, int number) const { finish(state, number, false); }
    [[nodiscard]] bool waits_for_lock(const State &state, int number) const; // not for a row

  private:
    [[nodiscard]] const Program &program(int number) const {
        return work_.programs[static_cast<std::size_t>(number)];
    }
    [[nodiscard]] const View &view(int number) const {
        return shape_.views[static_cast<std::size_t>(number)];
    }

    void changed(Transaction &transaction, const Program &program, int table, const Row *old_row,
                 const Row *new_row) const;
    unsigned operation(State &state, int number, std::string *say) const;
    unsigned write(State &state, int number, const Operation &operation, std::string *say) const;
    unsigned flush(State &state, int number, std::string &violation, std::string *say) const;
    bool begin_view(Transaction &transaction) const;
    bool look(const Transaction &transaction, const Database &database, int node, Values &found) const;
    void want_edge(Transaction &transaction, const Program &program, int node) const;
    void want_keys(Transaction &transaction, const Program &program) const;
    unsigned lock(State &state, int number, std::string *say) const;
    [[nodiscard]] int patched(const Transaction &transaction, int there, int computed) const;
    bool compute(State &state, int number, std::string &violation, std::string *say) const;
    void view_done(State &state, int number) const;
    void finish(State &state, int number, bool commit) const;

    const Workload &work_;
    const Shape &shape_;
    Rules rules_;
};

} // namespace model
