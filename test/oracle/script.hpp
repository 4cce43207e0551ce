// script.hpp - a scenario as a psql script, and back.
//
// The script is self-contained: psql runs it in any database where the extension is available, and prints rows where a
// TVIEW differs from its definition. Marker comments (`--@`) let --replay run the same file with all checks.
#pragma once

#include <string>

#include "runner.hpp"
#include "scenario.hpp"

namespace oracle {

std::string to_script(const FlatScenario &scenario, const Failure *failure);
// Throws std::runtime_error when the text is not such a script.
FlatScenario from_script(const std::string &text);

} // namespace oracle
