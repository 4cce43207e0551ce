// rows.hpp - rows as one transaction sees them, and sets of values.
#pragma once

#include <fmt/format.h>

#include "protocol.hpp"

namespace model {

inline std::size_t at(int i) { return static_cast<std::size_t>(i); }

inline std::int16_t value(const Row &row, int column) { return row.column[at(column)]; }

inline const Row &seen(const Transaction &transaction, const Database &database, int table, int slot) {
    return transaction.written[at(table)][at(slot)] ? transaction.own[at(table)][at(slot)]
                                                    : database[at(table)][at(slot)];
}

inline auto seen_by(const Transaction &transaction, const Database &database) {
    return [&transaction, &database](int table, int slot) -> const Row & {
        return seen(transaction, database, table, slot);
    };
}

inline void put(Transaction &transaction, int table, int slot, const Row &row) {
    transaction.written[at(table)][at(slot)] = 1;
    transaction.own[at(table)][at(slot)] = row;
}

inline bool has(Values values, int one) { return (values & (1 << one)) != 0; }

inline void add(Values &values, int one, int limit) {
    if (values & all_values)
        return;
    values = static_cast<Values>(values | (1 << one));
    if (__builtin_popcount(static_cast<unsigned>(values) & 0xff) > limit)
        values = all_values;
}

inline void add_all(Queue &to, const Queue &from) {
    for (std::size_t v = 0; v < to.size(); ++v) {
        for (std::size_t s = 0; s < max_sources; ++s) {
            to[v].w[s] = static_cast<Values>(to[v].w[s] | from[v].w[s]);
            to[v].r[s] = static_cast<Values>(to[v].r[s] | from[v].r[s]);
        }
        to[v].keys = static_cast<Values>(to[v].keys | from[v].keys);
        to[v].reached = static_cast<Values>(to[v].reached | from[v].reached);
    }
}

inline std::string text(Values values) {
    if (values & all_values)
        return "all";
    std::string out;
    for (int i = 0; i < slots; ++i)
        if (has(values, i))
            out += fmt::format("{}{}", out.empty() ? "" : ",", i);
    return "{" + out + "}";
}

inline unsigned bit(int number) { return 1U << static_cast<unsigned>(number); }

inline unsigned row_holders(const State &state, int number, int table, int slot) {
    unsigned holders = 0;
    for (int other = 0; other < max_transactions; ++other) {
        const Transaction &it = state.transactions[at(other)];
        if (other != number && !it.ended && it.written[at(table)][at(slot)])
            holders |= bit(other);
    }
    return holders;
}

} // namespace model
