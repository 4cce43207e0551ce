// explore.hpp - every interleaving of a workload, breadth first: the first violation found is among the shortest.
#pragma once

#include "protocol.hpp"

namespace model {

struct Outcome {
    long states = 0;
    long waits = 0;
    long deadlocks = 0;    // each is also explored with each of its members as the victim
    bool complete = true;  // false: more states than allowed
    std::string violation; // what is wrong, with the steps that lead there
};

Outcome explore(const Workload &workload, const Rules &rules, long limit);

} // namespace model
