// protocol.cpp - see protocol.hpp. Where the protocol is described: docs/adr/0002; where it is: src/queue, src/refresh.
#include <algorithm>

#include "rows.hpp"

namespace model {

const std::array<NamedRule, 14> named_rules{{
    {"r", &Rules::r},
    {"w", &Rules::w},
    {"crossed", &Rules::crossed},
    {"old-version", &Rules::old_version},
    {"keys", &Rules::keys},
    {"late-snapshot", &Rules::late_snapshot},
    {"late-reading", &Rules::late_reading},
    {"repeat-entries", &Rules::repeat_entries},
    {"repeat-keys", &Rules::repeat_keys},
    {"r-of-all", &Rules::r_of_all},
    {"x-of-all", &Rules::x_of_all},
    {"r-of-arrivals", &Rules::r_of_arrivals},
    {"repeat-whole", &Rules::repeat_whole},
    {"all-reached", &Rules::all_reached},
}};

bool Workload::flushes_early() const {
    return std::any_of(programs.begin(), programs.end(), [](const Program &program) {
        return std::any_of(program.operations.begin(), program.operations.end(),
                           [](const Operation &operation) {
                               return operation.kind == Kind::read || operation.kind == Kind::refresh;
                           });
    });
}

// Capture.
void Protocol::changed(Transaction &transaction, const Program &program, int table, const Row *old_row,
                       const Row *new_row) const {
    for (std::size_t v = 0; v < shape_.views.size(); ++v) {
        const View &view = shape_.views[v];
        ViewQueue &queue = transaction.queue[v];
        for (std::size_t s = 0; s < view.sources.size(); ++s) {
            const Source &source = view.sources[s];
            if (source.table != table)
                continue;
            const auto toward = [&](const Row &row) {
                return source.any_value ? std::int16_t{0} : value(row, source.far_column);
            };
            const bool old_counts = old_row && counts(source, *old_row) && toward(*old_row) != null;
            const bool new_counts = new_row && counts(source, *new_row) && toward(*new_row) != null;
            if (!old_counts && !new_counts)
                continue;
            bool path = old_counts != new_counts;
            if (!path) {
                path = toward(*old_row) != toward(*new_row);
                for (int child : view.children[s]) {
                    const Source &far = view.sources[at(child)];
                    path |= !far.any_value &&
                            value(*old_row, far.near_column) != value(*new_row, far.near_column);
                }
                if (!path && value(*old_row, payload_column) == value(*new_row, payload_column))
                    continue;
            }
            const auto number = static_cast<int>(s);
            Values reached = 0;
            if (s == 0 && (old_counts != new_counts || toward(*old_row) != toward(*new_row))) {
                reached = all_values;
            } else if (s == 0) {
                if (value(*old_row, payload_column) != value(*new_row, payload_column))
                    reached = 1;
                for (int child : view.children[s])
                    if (value(*old_row, view.sources[at(child)].near_column) !=
                        value(*new_row, view.sources[at(child)].near_column))
                        reached =
                            static_cast<Values>(reached | (view.decides(child) ? all_values : 1 << child));
            } else {
                reached =
                    path && view.decides(number) ? all_values : static_cast<Values>(1 << view.branch(number));
            }
            queue.reached = rules_.all_reached ? static_cast<Values>(queue.reached | reached) : reached;
            Values &set = s == 0 ? queue.keys : queue.w[s];
            if (old_counts && rules_.old_version)
                add(set, toward(*old_row), program.collapse);
            if (new_counts)
                add(set, toward(*new_row), program.collapse);
            if (!new_counts || !path)
                continue;
            for (int child : view.children[s]) {
                const Source &far = view.sources[at(child)];
                const std::int16_t link = far.any_value ? std::int16_t{0} : value(*new_row, far.near_column);
                if (link != null)
                    add(queue.r[at(child)], link, program.collapse);
            }
        }
    }
}

unsigned Protocol::step(State &state, int number, std::string &violation, std::string *say) const {
    Transaction &transaction = state.transactions[at(number)];
    if (transaction.flush != Flush::none)
        return flush(state, number, violation, say);
    if (at(transaction.next) < program(number).operations.size())
        return operation(state, number, say);
    if (program(number).rolls_back) {
        if (say)
            *say = "ROLLBACK";
        finish(state, number, false);
        return 0;
    }
    // The flush of the commit sees the latest.
    if (rules_.repeat_entries || rules_.repeat_keys)
        add_all(transaction.queue, transaction.done);
    transaction.done = Queue{};
    transaction.has_snapshot = 0;
    transaction.snapshot = Database{};
    transaction.has_undo = 0;
    transaction.undo = Undo{};
    transaction.flush = Flush::commit;
    return flush(state, number, violation, say);
}

unsigned Protocol::operation(State &state, int number, std::string *say) const {
    Transaction &transaction = state.transactions[at(number)];
    const Operation &operation = program(number).operations[at(transaction.next)];
    if (program(number).repeatable_read && !transaction.has_snapshot) {
        transaction.has_snapshot = 1;
        transaction.snapshot = state.committed;
    }
    switch (operation.kind) {
    case Kind::read:
        if (!rules_.late_reading && !program(number).repeatable_read) {
            transaction.has_early = 1;
            transaction.early = state.committed;
        }
        transaction.flush = Flush::read;
        if (say)
            *say = "begins to read";
        return 0;
    case Kind::refresh:
        transaction.flush = Flush::refresh;
        if (say)
            *say = "begins a full refresh of tv_" + view(operation.table).name;
        return 0;
    case Kind::savepoint:
        transaction.has_undo = 1;
        transaction.undo = {transaction.own, transaction.written, transaction.queue, transaction.done,
                            transaction.locks};
        ++transaction.next;
        if (say)
            *say = "SAVEPOINT";
        return 0;
    case Kind::rollback_to: // PostgreSQL releases the locks taken since
        transaction.own = transaction.undo.own;
        transaction.written = transaction.undo.written;
        transaction.queue = transaction.undo.queue;
        transaction.done = transaction.undo.done;
        transaction.locks = transaction.undo.locks;
        ++transaction.next;
        if (say)
            *say = "ROLLBACK TO SAVEPOINT";
        return 0;
    default:
        return write(state, number, operation, say);
    }
}

unsigned Protocol::write(State &state, int number, const Operation &operation, std::string *say) const {
    Transaction &transaction = state.transactions[at(number)];
    const int table = operation.table, slot = operation.slot;
    const bool inserts = operation.kind == Kind::insert || operation.kind == Kind::arrive;
    const Database &database = transaction.has_snapshot ? transaction.snapshot : state.committed;
    const bool visible = seen(transaction, database, table, slot).exists;
    if (say)
        *say = fmt::format("{} {} {}",
                           operation.kind == Kind::insert   ? "INSERT"
                           : operation.kind == Kind::arrive ? "ATTACH"
                           : operation.kind == Kind::update ? "UPDATE"
                                                            : "DELETE",
                           shape_.tables[at(table)], slot);
    if (say && operation.kind == Kind::update)
        *say += fmt::format(" column {} = {}", operation.column, operation.value);
    if (say && inserts)
        *say += fmt::format(" ({})", fmt::join(operation.row.column, ", "));
    if (!inserts && !visible) {
        ++transaction.next;
        return 0;
    }
    if (const unsigned holders = row_holders(state, number, table, slot))
        return holders;
    const bool own = transaction.written[at(table)][at(slot)] != 0;
    const Row old_row = seen(transaction, state.committed, table, slot);
    if (transaction.has_snapshot && !own && !inserts &&
        state.committed[at(table)][at(slot)].version > transaction.snapshot[at(table)][at(slot)].version) {
        if (say)
            *say += ": 40001";
        finish(state, number, false);
        return 0;
    }
    if (inserts && old_row.exists) {
        if (say)
            *say += ": exists already";
        finish(state, number, false);
        return 0;
    }
    ++transaction.next;
    if (!inserts && !old_row.exists) // gone meanwhile
        return 0;
    Row new_row;
    if (inserts) {
        new_row = operation.row;
    } else if (operation.kind == Kind::update) {
        new_row = old_row;
        new_row.column[at(operation.column)] = operation.value;
    }
    put(transaction, table, slot, new_row);
    if (operation.kind == Kind::arrive) {
        for (std::size_t v = 0; v < shape_.views.size(); ++v)
            for (std::size_t s = 0; s < shape_.views[v].sources.size(); ++s)
                if (shape_.views[v].sources[s].table == table) {
                    transaction.queue[v].keys = all_values;
                    transaction.queue[v].reached = all_values;
                    for (int child : shape_.views[v].children[s])
                        if (rules_.r_of_arrivals)
                            transaction.queue[v].r[at(child)] = all_values;
                }
        return 0;
    }
    changed(transaction, program(number), table, old_row.exists ? &old_row : nullptr,
            new_row.exists ? &new_row : nullptr);
    return 0;
}

void Protocol::finish(State &state, int number, bool commit) const {
    Transaction &transaction = state.transactions[at(number)];
    bool watched = false; // somebody's snapshot has to know what is newer
    for (int other = 0; other < max_transactions; ++other)
        watched |= other != number && state.transactions[at(other)].has_snapshot;
    if (commit) {
        if (watched)
            ++state.commits;
        for (int table = 0; table < max_tables; ++table)
            for (int slot = 0; slot < slots; ++slot) {
                if (!transaction.written[at(table)][at(slot)])
                    continue;
                Row row = transaction.own[at(table)][at(slot)];
                row.version = watched ? state.commits : std::int16_t{0};
                state.committed[at(table)][at(slot)] = row;
            }
    }
    if (!watched) {
        state.commits = 0;
        for (Table &table : state.committed)
            for (Row &row : table)
                row.version = 0;
    }
    transaction = Transaction{};
    transaction.ended = 1;
}

bool Protocol::waits_for_lock(const State &state, int number) const {
    return state.transactions[at(number)].flush != Flush::none;
}

} // namespace model
