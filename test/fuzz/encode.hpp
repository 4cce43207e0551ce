// encode.hpp - a JSON tree as jsonb: the format written down a second time, naively, to compare with.
#pragma once

#include "json.hpp"

#include <cstdint>
#include <vector>

namespace fuzz {

// The whole datum with its four-byte header. Words, because jsonb is read at 4-aligned addresses.
std::vector<std::uint32_t> encode(const Json &json);

} // namespace fuzz
