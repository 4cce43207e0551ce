// workload.hpp - random workloads: a few rows, two or three short transactions.
#pragma once

#include <random>

#include "protocol.hpp"

namespace model {

// What may happen in a workload; probabilities are per transaction or per operation.
struct Mix {
    const char *name;
    double reads = 0, savepoints = 0, repeatable_read = 0, few = 0, refreshes = 0, arrivals = 0;
};
extern const std::array<Mix, 6> mixes;

using Random = std::mt19937_64;

Workload random_workload(const Shape &shape, const Mix &mix, Random &random);

} // namespace model
