// explore.cpp - see explore.hpp.
#include <cstring>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "explore.hpp"

namespace model {

namespace {

struct Fingerprint {
    std::uint64_t a, b;
    bool operator==(const Fingerprint &) const = default;
};

struct FingerprintHash {
    std::size_t operator()(const Fingerprint &it) const { return it.a; }
};

// Two independent 64-bit hashes of the bytes: among some million states two that share both are not to be expected.
Fingerprint fingerprint(const State &state) {
    static_assert(sizeof(State) % sizeof(std::uint16_t) == 0);
    std::uint64_t a = 0x9e3779b97f4a7c15, b = 0xc2b2ae3d27d4eb4f;
    const auto *bytes = reinterpret_cast<const unsigned char *>(&state);
    for (std::size_t i = 0; i < sizeof(State); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + i, std::min<std::size_t>(8, sizeof(State) - i));
        a = (a ^ word) * 0xff51afd7ed558ccd;
        a ^= a >> 32;
        b = (b ^ (word + 0x165667b19e3779f9)) * 0xc4ceb9fe1a85ec53;
        b ^= b >> 29;
    }
    return {a, b};
}

struct Visit {
    int before;
    short action; // number of the transaction; + max_transactions: aborted as a deadlock's victim
};

class Explorer {
  public:
    Explorer(const Workload &workload, const Rules &rules, long limit)
        : workload_(workload), protocol_(workload, rules), limit_(limit),
          count_(static_cast<int>(workload.programs.size())) {
        start_.committed = workload.start;
        for (int i = count_; i < max_transactions; ++i)
            start_.transactions[static_cast<std::size_t>(i)].ended = 1;
    }

    Outcome run() {
        visits_.push_back({-1, -1});
        seen_.insert(fingerprint(start_));
        level_.emplace_back(start_, 0);
        while (!level_.empty() && outcome_.violation.empty()) {
            next_.clear();
            for (const auto &[state, visit] : level_) {
                from(state, visit);
                if (!outcome_.violation.empty())
                    break;
                if (static_cast<long>(visits_.size()) > limit_) {
                    outcome_.complete = false;
                    outcome_.states = static_cast<long>(visits_.size());
                    return outcome_;
                }
            }
            std::swap(level_, next_);
        }
        outcome_.states = static_cast<long>(visits_.size());
        return outcome_;
    }

  private:
    void from(const State &state, int visit) {
        std::array<unsigned, max_transactions> waits{};
        for (int i = 0; i < count_; ++i) {
            if (state.transactions[static_cast<std::size_t>(i)].ended)
                continue;
            State after = state;
            std::string violation;
            waits[static_cast<std::size_t>(i)] = protocol_.step(after, i, violation, nullptr);
            if (waits[static_cast<std::size_t>(i)]) {
                ++outcome_.waits;
                continue;
            }
            if (!violation.empty()) {
                outcome_.violation = story(visit, i) + "  => " + violation;
                return;
            }
            reach(std::move(after), visit, static_cast<short>(i));
        }
        deadlocks(state, visit, waits);
    }

    void reach(State &&state, int visit, short action) {
        if (!seen_.insert(fingerprint(state)).second)
            return;
        visits_.push_back({visit, action});
        next_.emplace_back(std::move(state), static_cast<int>(visits_.size()) - 1);
    }

    // Who waits, over others, for himself. With flushes at commit only, locks are taken in one order: none may be in it.
    void deadlocks(const State &state, int visit, std::array<unsigned, max_transactions> waits) {
        for (int middle = 0; middle < count_; ++middle)
            for (int i = 0; i < count_; ++i)
                if (waits[static_cast<std::size_t>(i)] & (1U << middle))
                    waits[static_cast<std::size_t>(i)] |= waits[static_cast<std::size_t>(middle)];
        bool locks = false;
        for (int i = 0; i < count_; ++i) {
            if (!(waits[static_cast<std::size_t>(i)] & (1U << i)))
                continue;
            ++outcome_.deadlocks;
            locks |= protocol_.waits_for_lock(state, i);
            State after = state;
            protocol_.abort(after, i);
            reach(std::move(after), visit, static_cast<short>(i + max_transactions));
        }
        if (locks && !workload_.flushes_early())
            outcome_.violation = story(visit, -1) + "  => deadlock between flushes at commit";
    }

    // The steps from the start to `visit`, and one more.
    std::string story(int visit, int last) const {
        std::vector<int> actions;
        for (int at = visit; at > 0; at = visits_[static_cast<std::size_t>(at)].before)
            actions.insert(actions.begin(), visits_[static_cast<std::size_t>(at)].action);
        if (last >= 0)
            actions.push_back(last);
        std::string out = "  at first:";
        for (int table = 0; table < workload_.shape->base_tables; ++table)
            for (int slot = 0; slot < slots; ++slot) {
                const Row &row =
                    workload_.start[static_cast<std::size_t>(table)][static_cast<std::size_t>(slot)];
                if (row.exists)
                    out += fmt::format(" {}({})", workload_.shape->tables[static_cast<std::size_t>(table)],
                                       fmt::join(row.column, ", "));
            }
        out += '\n';
        for (std::size_t i = 0; i < workload_.programs.size(); ++i)
            if (workload_.programs[i].repeatable_read || workload_.programs[i].collapse < slots ||
                workload_.programs[i].escalate < slots)
                out += fmt::format("  T{}:{} collapse {} escalate {}\n", i + 1,
                                   workload_.programs[i].repeatable_read ? " REPEATABLE READ" : "",
                                   workload_.programs[i].collapse, workload_.programs[i].escalate);
        State state = start_;
        for (int action : actions) {
            std::string say, violation;
            if (action >= max_transactions) {
                protocol_.abort(state, action - max_transactions);
                say = "is the victim of a deadlock";
            } else {
                protocol_.step(state, action, violation, &say);
            }
            out += fmt::format("  T{} {}\n", action % max_transactions + 1, say);
        }
        return out;
    }

    const Workload &workload_;
    Protocol protocol_;
    const long limit_;
    const int count_;
    State start_;
    std::vector<Visit> visits_;
    std::unordered_set<Fingerprint, FingerprintHash> seen_;
    std::vector<std::pair<State, int>> level_, next_;
    Outcome outcome_;
};

} // namespace

Outcome explore(const Workload &workload, const Rules &rules, long limit) {
    return Explorer(workload, rules, limit).run();
}

} // namespace model
