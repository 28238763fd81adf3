#include "agent/app/places.hpp"

#include <algorithm>
#include <thread>

namespace sfb::app {

Places::Places(std::size_t descriptors)
    : connections(std::clamp<std::size_t>(descriptors / 2, 8, 512)),
      waiting_queries(connections / 2),
      rendering(connections / 4),
      logins(connections / 8),
      tickets(std::max<std::size_t>(1, connections / 16)),
      events(connections / 8) {}

int cpu_threads() {
  return std::thread::hardware_concurrency() > 2 ? 2 : 1;
}

}  // namespace sfb::app
