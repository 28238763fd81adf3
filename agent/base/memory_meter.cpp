#include "agent/base/memory_meter.hpp"

namespace sfb {

std::size_t most_memory(const Limits& limits) {
  constexpr std::size_t kTimes = 8;
  constexpr std::size_t kLeast = 4096;  // the smallest answer needs that much
  return std::max(kTimes * std::min(limits.object, SIZE_MAX / kTimes), kLeast);
}

}  // namespace sfb
