// How a fuzz target says that something does not hold.
#pragma once

#include <cstdlib>

namespace sfb::fuzz {

/// Ends the process, which the fuzzer takes for a crash.
inline void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

}  // namespace sfb::fuzz
