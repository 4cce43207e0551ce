// shrink.hpp - makes a failing scenario small: fewer steps, TVIEWs, tables, rows, columns and parts of definitions.
#pragma once

#include "runner.hpp"
#include "scenario.hpp"

namespace oracle {

struct Shrunk {
    FlatScenario scenario;
    Failure failure; // of the small scenario
    int runs = 0;
    bool reproduced = false; // false: the failure did not come back even unchanged
};

// Keeps the kind of the failure; stops after `seconds`.
Shrunk shrink(const Scenario &scenario, const RunOptions &options, const Failure &failure, int seconds);

} // namespace oracle
