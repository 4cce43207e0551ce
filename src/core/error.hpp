// core/error.hpp - the only exception type of the pure zone.
#pragma once

#include <stdexcept>

namespace tviews::core {

class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

} // namespace tviews::core
