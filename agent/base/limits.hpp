// Every cap on what comes from outside, in one place (`limits:` of the configuration).
#pragma once

#include <cstddef>

namespace sfb {

/// Thread rule: a value, copied freely. Sizes are bytes.
struct Limits {
  std::size_t object = 4UL << 20U;      ///< one dropped file or one remote object, as text
  std::size_t envelope = 2UL << 20U;    ///< one reply of a server
  std::size_t in_flight = 64UL << 20U;  ///< all answers being read at once
  std::size_t depth = 64;               ///< nesting of values and elements
  std::size_t modules_per_pool = 32;    ///< more modules in one answer are a failure
  std::size_t machines_per_pool = 32;   ///< series: active machines remembered for one pool
  std::size_t label_length = 128;       ///< longest label value taken from a server, in bytes

  bool operator==(const Limits&) const = default;
};

}  // namespace sfb
