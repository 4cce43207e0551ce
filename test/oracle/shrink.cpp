// shrink.cpp - delta debugging over the droppable groups of a scenario.
//
// Groups are tried in falling chunk sizes, coarse things first: steps, TVIEWs, set-up, then everything inside what is
// left (rows, columns, joins, conditions, entries of documents). A candidate is good when it fails in the same kind;
// one that is no longer valid SQL fails in another kind, or not at all, and is dropped.

#include "shrink.hpp"

#include <algorithm>
#include <chrono>

namespace oracle {

namespace {

using Clock = std::chrono::steady_clock;

class Shrinker {
  public:
    Shrinker(const Scenario &scenario, RunOptions options, Failure failure, int seconds)
        : scenario_(scenario), options_(std::move(options)), failure_(std::move(failure)),
          deadline_(Clock::now() + std::chrono::seconds(seconds)),
          dropped_(static_cast<std::size_t>(scenario.groups), false) {
        options_.suffix += "_shrink";
        options_.verbose = false;
    }

    Shrunk run() {
        Shrunk result;
        result.reproduced = fails(dropped_);
        if (result.reproduced) {
            cut_after_failure();
            for (bool smaller = true; smaller && Clock::now() < deadline_;) {
                smaller = reduce(step_groups());
                smaller = reduce(definition_groups()) || smaller;
                smaller = reduce(setup_groups()) || smaller;
                smaller = reduce(inner_groups()) || smaller;
            }
        }
        result.scenario = flatten(scenario_, dropped_);
        result.failure = failure_;
        result.runs = runs_;
        return result;
    }

  private:
    bool fails(const Dropped &candidate) {
        ++runs_;
        const FlatScenario flat = flatten(scenario_, candidate);
        for (int attempt = 0; attempt < 3; ++attempt) {
            Outcome outcome = Runner(flat, options_).run();
            if (outcome.neighbour_crashed)
                continue;
            if (!outcome.failure || outcome.failure->kind != failure_.kind)
                return false;
            failure_ = *outcome.failure;
            return true;
        }
        return false;
    }

    bool try_without(const std::vector<int> &groups) {
        Dropped candidate = dropped_;
        for (const int group : groups)
            candidate[static_cast<std::size_t>(group)] = true;
        const Failure before = failure_;
        if (!fails(candidate)) {
            failure_ = before;
            return false;
        }
        dropped_ = std::move(candidate);
        return true;
    }

    // Everything after the step that failed.
    void cut_after_failure() {
        std::vector<int> later;
        for (std::size_t i = static_cast<std::size_t>(std::max(failure_.step, 0)) + 1;
             failure_.step >= 0 && i < scenario_.steps.size(); ++i)
            later.push_back(scenario_.steps[i].sql.group);
        if (!later.empty())
            try_without(later);
    }

    bool reduce(std::vector<int> groups) {
        bool smaller = false;
        std::reverse(groups.begin(), groups.end());
        for (std::size_t chunk = std::max<std::size_t>(groups.size() / 2, 1);; chunk /= 2) {
            for (std::size_t at = 0; at < groups.size() && Clock::now() < deadline_;) {
                const auto first = groups.begin() + static_cast<std::ptrdiff_t>(at);
                const auto last =
                    groups.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, groups.size()));
                if (try_without({first, last})) {
                    groups.erase(first, last);
                    smaller = true;
                } else {
                    at += chunk;
                }
            }
            if (chunk <= 1)
                break;
        }
        return smaller;
    }

    [[nodiscard]] bool kept(int group) const {
        return group > 0 && !dropped_[static_cast<std::size_t>(group)];
    }

    void add_kept(std::vector<int> &groups, int group) const {
        if (kept(group) && std::find(groups.begin(), groups.end(), group) == groups.end())
            groups.push_back(group);
    }

    [[nodiscard]] std::vector<int> step_groups() const {
        std::vector<int> groups;
        for (const Step &step : scenario_.steps)
            add_kept(groups, step.sql.group);
        return groups;
    }

    [[nodiscard]] std::vector<int> definition_groups() const {
        std::vector<int> groups;
        for (const Definition &definition : scenario_.definitions)
            add_kept(groups, definition.select.group);
        return groups;
    }

    [[nodiscard]] std::vector<int> setup_groups() const {
        std::vector<int> groups;
        for (const SetupItem &item : scenario_.schema.items)
            add_kept(groups, item.sql.group);
        return groups;
    }

    void inner_of(const Node &node, std::vector<int> &groups) const {
        if (node.group > 0 && !kept(node.group))
            return; // what is below is gone already
        add_kept(groups, node.group);
        for (const Node &part : node.parts)
            inner_of(part, groups);
    }

    [[nodiscard]] std::vector<int> inner_groups() const {
        std::vector<int> groups;
        for (const SetupItem &item : scenario_.schema.items)
            inner_of(item.sql, groups);
        for (const Definition &definition : scenario_.definitions)
            inner_of(definition.select, groups);
        for (const Step &step : scenario_.steps) {
            inner_of(step.sql, groups);
            if (step.copy)
                inner_of(*step.copy, groups);
        }
        return groups;
    }

    const Scenario &scenario_;
    RunOptions options_;
    Failure failure_;
    Clock::time_point deadline_;
    Dropped dropped_;
    int runs_ = 0;
};

} // namespace

Shrunk shrink(const Scenario &scenario, const RunOptions &options, const Failure &failure, int seconds) {
    return Shrinker(scenario, options, failure, seconds).run();
}

} // namespace oracle
