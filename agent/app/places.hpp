// How many may be at the agent at once. Pure.
#pragma once

#include <cstddef>

namespace sfb::app {

/// Queries never take all places of connections, whether they wait for the engine or for a thread:
/// a scrape finds one, also beside logins and tickets that wait.
struct Places {
  /// Connections take at most half of the descriptors: the other half is for asking servers.
  explicit Places(std::size_t descriptors);

  std::size_t connections;
  std::size_t waiting_queries;
  std::size_t rendering;
  std::size_t logins;
  std::size_t tickets;
  std::size_t events;  ///< browsers that wait for one
};

/// Threads for work that takes long: one, or two where the machine has more.
int cpu_threads();

}  // namespace sfb::app
