// `/pools/{fqdn}`: all that is known of one pool, for whoever mends it. Pure functions, for a
// worker thread.
#pragma once

#include "agent/serve/page_status.hpp"
#include "agent/status/board.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// What the page of a pool is made of. Precondition: `pool` is one of `snapshot.pools`.
struct PoolPage {
  const status::Snapshot& snapshot;
  const status::PoolSnapshot& pool;
  const std::vector<status::HistoryEntry>& history;  ///< newest first
  const Elsewhere& elsewhere;
  std::string_view runbooks;
  std::size_t max_bytes = 0;  ///< of each text that the cmdlet prints
};

RenderedPage render_pool(const PageFrame& frame, const PoolPage& page);

}  // namespace sfb::serve
