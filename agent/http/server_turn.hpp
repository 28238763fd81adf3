// What makes a client slow: for those members of Connection that say who goes first when there is
// no place left (server_turn.cpp).
#pragma once

#include <cstddef>

namespace sfb::http {

// So much of an answer may lie in both kernels without a reader; and who reads less than so much a
// second is slow.
inline constexpr std::size_t kKernelBytes = 512UL << 10U;
inline constexpr double kSlowReader = 64 << 10;

}  // namespace sfb::http
