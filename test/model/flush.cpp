// flush.cpp - how a transaction brings the TVIEWs up to date: edges, farthest first, keys, a fresh snapshot, compute.
#include <algorithm>

#include "rows.hpp"

namespace model {

namespace {

Mode conflicts(Mode mode) {
    switch (mode) {
    case row_share:
        return exclusive;
    case row_exclusive:
        return share | share_row_exclusive | exclusive;
    case share:
        return row_exclusive | share_row_exclusive | exclusive;
    case share_row_exclusive:
        return row_exclusive | share | share_row_exclusive | exclusive;
    default:
        return row_share | row_exclusive | share | share_row_exclusive | exclusive;
    }
}

// W and R together are one request.
Mode both(Mode a, Mode b) {
    if ((a == row_exclusive && b == share) || (a == share && b == row_exclusive))
        return share_row_exclusive;
    return std::max(a, b);
}

const char *name(Mode mode) {
    return mode == row_share             ? "RowShare"
           : mode == row_exclusive       ? "RowExclusive"
           : mode == share               ? "Share"
           : mode == share_row_exclusive ? "ShareRowExclusive"
                                         : "Exclusive";
}

} // namespace

// The next TVIEW with something to do; false: there is none.
bool Protocol::begin_view(Transaction &transaction) const {
    if (transaction.flush != Flush::refresh)
        while (at(transaction.view) < shape_.views.size() && transaction.queue[at(transaction.view)].empty())
            ++transaction.view;
    if (at(transaction.view) >= shape_.views.size())
        return false;
    transaction.stage = 1;
    if (transaction.flush == Flush::refresh) {
        transaction.keys = all_values;
        return true;
    }
    const ViewQueue &queue = transaction.queue[at(transaction.view)];
    transaction.walked = queue.w;
    transaction.keys = queue.keys;
    for (Values &walked : transaction.walked)
        if (walked & all_values) {
            walked = 0;
            transaction.keys = all_values;
        }
    if (transaction.keys & all_values)
        transaction.keys = all_values;
    return true;
}

// Walks from the edges behind `node` (0: into the keys). False if nothing had to be looked up.
bool Protocol::look(const Transaction &transaction, const Database &database, int node, Values &found) const {
    const View &it = view(transaction.view);
    const Source &near = it.sources[at(node)];
    bool looked = false;
    for (int child : it.children[at(node)]) {
        const Source &far = it.sources[at(child)];
        const Values from = transaction.walked[at(child)];
        if (from == 0)
            continue;
        if (it.direct_key(child)) {
            found = static_cast<Values>(found | from);
            continue;
        }
        looked = true;
        for (int slot = 0; slot < slots; ++slot) {
            const Row &row = seen(transaction, database, near.table, slot);
            const std::int16_t toward = near.any_value ? std::int16_t{0} : value(row, near.far_column);
            if (!counts(near, row) || toward == null)
                continue;
            const std::int16_t link = value(row, far.near_column);
            if (far.any_value || (link != null && has(from, link)))
                found = static_cast<Values>(found | (1 << toward));
        }
    }
    return looked;
}

void Protocol::want_edge(Transaction &transaction, const Program &program, int node) const {
    const View &it = view(transaction.view);
    transaction.node = static_cast<std::int16_t>(node);
    if (it.direct_key(node))
        return;
    const bool any = it.sources[at(node)].any_value;
    Values w = transaction.walked[at(node)];
    if (!rules_.crossed)
        w = transaction.flush == Flush::refresh
                ? Values{0}
                : static_cast<Values>(w & transaction.queue[at(transaction.view)].w[at(node)]);
    Values r =
        transaction.flush == Flush::refresh ? Values{0} : transaction.queue[at(transaction.view)].r[at(node)];
    if (!rules_.w)
        w = 0;
    if (!rules_.r || (!rules_.r_of_all && transaction.keys == all_values))
        r = 0;
    const auto many = [&](Values values) {
        return any || (values & all_values) ||
               __builtin_popcount(static_cast<unsigned>(values)) > program.escalate;
    };
    const bool w_all = w && many(w), r_all = r && many(r);
    Mode top = 0;
    if (w)
        top = w_all ? exclusive : row_exclusive;
    if (r)
        top = both(top, r_all ? share : row_share);
    transaction.wanted[whole] = top;
    for (int i = 0; i < slots; ++i) {
        Mode mode = 0;
        if (!w_all && has(w, i))
            mode = row_exclusive;
        if (!w_all && !r_all && has(r, i))
            mode = both(mode, share);
        transaction.wanted[at(i)] = mode;
    }
}

void Protocol::want_keys(Transaction &transaction, const Program &program) const {
    transaction.node = 0;
    if (!rules_.keys || transaction.keys == 0)
        return;
    if (transaction.keys == all_values ||
        __builtin_popcount(static_cast<unsigned>(transaction.keys)) > program.escalate) {
        transaction.wanted[whole] = exclusive;
        return;
    }
    transaction.wanted[whole] = rules_.x_of_all ? row_exclusive : Mode{0};
    for (int i = 0; i < slots; ++i)
        if (has(transaction.keys, i))
            transaction.wanted[at(i)] = exclusive;
}

// The first lock that is still wanted. The whole comes before its values.
unsigned Protocol::lock(State &state, int number, std::string *say) const {
    Transaction &transaction = state.transactions[at(number)];
    int which = whole;
    if (!transaction.wanted[whole])
        which = static_cast<int>(std::find_if(transaction.wanted.begin(), transaction.wanted.end(),
                                              [](Mode mode) { return mode != 0; }) -
                                 transaction.wanted.begin());
    const Mode mode = transaction.wanted[at(which)];
    if (say) {
        const View &it = view(transaction.view);
        const std::string edge =
            transaction.node == 0 ? "key"
                                  : "edge from " + shape_.tables[at(it.sources[at(transaction.node)].table)];
        *say = fmt::format("locks tv_{} {} {} {}", it.name, edge,
                           which == whole ? std::string("whole") : std::to_string(which), name(mode));
    }
    unsigned holders = 0;
    for (int other = 0; other < max_transactions; ++other) {
        const Transaction &it = state.transactions[at(other)];
        if (other != number && !it.ended &&
            (it.locks[at(transaction.view)][at(transaction.node)][at(which)] & conflicts(mode)))
            holders |= bit(other);
    }
    if (holders)
        return holders;
    Mode &held = transaction.locks[at(transaction.view)][at(transaction.node)][at(which)];
    held = static_cast<Mode>(held | mode);
    transaction.wanted[at(which)] = 0;
    return 0;
}

// The stored document with only those parts computed that the transaction's changes can reach.
int Protocol::patched(const Transaction &transaction, int there, int computed) const {
    const Values reached = transaction.queue[at(transaction.view)].reached;
    if (reached == 0 || (reached & all_values) || there < 0)
        return computed;
    if (computed < 0)
        return there; // nobody has asked for it
    const Parts &fresh = parts_of(computed);
    const std::vector<int> &children = view(transaction.view).children[0];
    Parts parts = parts_of(there);
    if (parts.size() != children.size() + 1 || fresh.size() != parts.size())
        return computed;
    if (has(reached, 0))
        parts[0] = fresh[0];
    for (std::size_t i = 0; i < children.size(); ++i)
        if (has(reached, children[i]))
            parts[i + 1] = fresh[i + 1];
    return intern(parts);
}

// Recomputes and writes. False: the transaction is gone.
bool Protocol::compute(State &state, int number, std::string &violation, std::string *say) const {
    Transaction &transaction = state.transactions[at(number)];
    const View &it = view(transaction.view);
    const bool old_snapshot = transaction.has_snapshot && transaction.flush == Flush::read;
    const Database database = !rules_.late_snapshot && transaction.has_early ? transaction.early
                              : old_snapshot                                 ? transaction.snapshot
                                                                             : state.committed;
    if (say)
        *say = "computes keys " + text(transaction.keys) + " of tv_" + it.name;
    const auto concerned = [&](int key) {
        return transaction.keys == all_values || has(transaction.keys, key);
    };
    for (int key = 0; key < slots && old_snapshot; ++key)
        if (concerned(key) && !transaction.written[at(it.table)][at(key)] &&
            state.committed[at(it.table)][at(key)].version >
                transaction.snapshot[at(it.table)][at(key)].version) {
            if (say)
                *say += ": 40001";
            finish(state, number, false);
            return false;
        }
    for (int key = 0; key < slots; ++key) {
        if (!concerned(key))
            continue;
        const Row before = seen(transaction, database, it.table, key);
        const int there = before.exists ? value(before, payload_column) : -1;
        int wanted = document(it, key, seen_by(transaction, database));
        if (!old_snapshot && transaction.flush != Flush::refresh && transaction.keys != all_values)
            wanted = patched(transaction, there, wanted);
        if (wanted == there)
            continue;
        if (row_holders(state, number, it.table, key))
            violation = fmt::format("writes tv_{} key {}, which somebody else has written", it.name, key);
        if (!old_snapshot && !transaction.written[at(it.table)][at(key)] &&
            before.exists != state.committed[at(it.table)][at(key)].exists)
            violation = fmt::format("writes tv_{} key {}, which has changed since", it.name, key);
        Row after;
        if (wanted >= 0) {
            after.exists = 1;
            after.column[key_column] = static_cast<std::int16_t>(key);
            after.column[payload_column] = static_cast<std::int16_t>(wanted);
        }
        put(transaction, it.table, key, after);
        if (say)
            *say += fmt::format(", {} {}", wanted >= 0 ? "writes" : "deletes", key);
        changed(transaction, program(number), it.table, before.exists ? &before : nullptr,
                after.exists ? &after : nullptr);
    }
    return true;
}

void Protocol::view_done(State &state, int number) const {
    Transaction &transaction = state.transactions[at(number)];
    if (transaction.flush != Flush::refresh) {
        ViewQueue &queue = transaction.queue[at(transaction.view)];
        if (transaction.has_snapshot && transaction.flush == Flush::read) {
            Queue done{};
            ViewQueue &it = done[at(transaction.view)];
            if (rules_.repeat_entries)
                it = queue;
            if (rules_.repeat_keys)
                it.keys = transaction.keys == all_values ? all_values
                                                         : static_cast<Values>(it.keys | transaction.keys);
            it.reached = rules_.repeat_whole ? all_values : Values{0};
            add_all(transaction.done, done);
        }
        queue = ViewQueue{};
    }
    transaction.walked = {};
    transaction.keys = 0;
    transaction.stage = 0;
    transaction.node = 0;
    if (!rules_.late_snapshot) {
        transaction.has_early = 0;
        transaction.early = Database{};
    }
    ++transaction.view;
}

unsigned Protocol::flush(State &state, int number, std::string &violation, std::string *say) const {
    Transaction &transaction = state.transactions[at(number)];
    const auto database = [&]() -> const Database & {
        return transaction.has_snapshot && transaction.flush == Flush::read ? transaction.snapshot
                                                                            : state.committed;
    };
    for (;;) {
        if (std::any_of(transaction.wanted.begin(), transaction.wanted.end(),
                        [](Mode mode) { return mode != 0; })) {
            // What is held already costs no step.
            bool skipped = false;
            for (int i = 0; i <= slots; ++i) {
                Mode &mode = transaction.wanted[at(i)];
                if (mode && (transaction.locks[at(transaction.view)][at(transaction.node)][at(i)] & mode)) {
                    mode = 0;
                    skipped = true;
                }
            }
            if (skipped)
                continue;
            return lock(state, number, say);
        }
        if (transaction.stage == 0) {
            if (transaction.flush == Flush::refresh) {
                const int wanted = program(number).operations[at(transaction.next)].table;
                if (transaction.view <= wanted)
                    transaction.view = static_cast<std::int16_t>(wanted);
                else
                    transaction.view = max_views;
            }
            if (transaction.view >= max_views || !begin_view(transaction)) {
                const Flush kind = transaction.flush;
                transaction.flush = Flush::none;
                transaction.view = 0;
                if (kind == Flush::commit) {
                    if (say)
                        *say = "COMMIT";
                    finish(state, number, true);
                    violation = difference(shape_, [&](int table, int slot) -> const Row & {
                        return state.committed[at(table)][at(slot)];
                    });
                    if (!violation.empty())
                        violation = "after the commit: " + violation;
                    return 0;
                }
                if (kind == Flush::read) {
                    const Database &snapshot = transaction.has_snapshot ? transaction.snapshot
                                               : transaction.has_early  ? transaction.early
                                                                        : state.committed;
                    violation = difference(shape_, seen_by(transaction, snapshot));
                    if (!violation.empty())
                        violation = "reads " + violation;
                    if (say)
                        *say = "reads";
                }
                if (kind == Flush::refresh && say)
                    *say = "has refreshed";
                transaction.has_early = 0;
                transaction.early = Database{};
                ++transaction.next;
                return 0;
            }
            continue;
        }
        const View &it = view(transaction.view);
        const auto edges = static_cast<int>(it.far_first.size());
        if (transaction.stage <= edges) {
            const int node = it.far_first[at(transaction.stage - 1)];
            const bool looked = transaction.keys != all_values &&
                                look(transaction, database(), node, transaction.walked[at(node)]);
            want_edge(transaction, program(number), node);
            ++transaction.stage;
            if (!looked)
                continue;
            if (say)
                *say = "finds values " + text(transaction.walked[at(node)]) + " of the edge from " +
                       shape_.tables[at(it.sources[at(node)].table)];
            return 0;
        }
        if (transaction.stage == edges + 1) {
            const bool looked =
                transaction.keys != all_values && look(transaction, database(), 0, transaction.keys);
            want_keys(transaction, program(number));
            ++transaction.stage;
            if (!rules_.late_snapshot) {
                transaction.has_early = 1;
                transaction.early = database();
            }
            if (!looked)
                continue;
            if (say)
                *say = "finds keys " + text(transaction.keys) + " of tv_" + it.name;
            return 0;
        }
        if (compute(state, number, violation, say))
            view_done(state, number);
        return 0;
    }
}

} // namespace model
