// shim.hpp - what the engine needs of a server when it runs without one.
#pragma once

#include <string>

namespace fuzz {

// What ereport(ERROR) becomes. The engine owns nothing that a jump over its frames would leak but palloc'd memory.
struct ServerError {
    std::string message;
};

// Frees what was palloc'd.
void free_all();

} // namespace fuzz
