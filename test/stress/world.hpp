// world.hpp - a schema with TVIEWs and the random statements that are run on it: the fixed one, or an oracle seed's.
#pragma once

#include <string>
#include <vector>

#include "connection.hpp"
#include "rng.hpp"
#include "scenario.hpp"

namespace stress {

struct World {
    std::string schema;
    bool fixed = true; // has documents for the history check
    bool truncates = false;
    bool lenient = false;                // TVIEWs may raise errors: duplicate keys, evaluation
    std::vector<std::string> settings;   // of every session
    std::vector<std::string> statements; // of a seed
    std::vector<std::string> truncations;
    std::vector<std::string> tviews; // names, quoted
    std::vector<std::string> checks; // per TVIEW: a query that returns the rows that differ

    [[nodiscard]] std::string statement(oracle::Rng &rng) const;
    void learn(oracle::Connection &connection); // fills tviews and checks
};

constexpr int documents = 6;

World fixed_world(oracle::Connection &connection);
// False when the seed gives no TVIEW.
bool seed_world(oracle::Connection &connection, std::uint64_t seed, World &world);

} // namespace stress
