// What comes back from a server.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/note.hpp"
#include "agent/base/time.hpp"
#include "agent/value/packed.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sfb::remote {

/// The streams that came back and when they were made.
struct Reply {
  PackedPtr result;    ///< never null in a good reply
  WallTime made_at{};  ///< wall time of the content, not in the future (for live transports: now)
  std::chrono::nanoseconds age{0};  ///< at reading, not below 0
  /// The content's own date where that lay ahead of our clock at its first sight (`made_at`).
  std::optional<WallTime> dated = {};
  std::vector<StageTime> stages;
  Note note;         ///< `file.clock_skew`
  std::string file;  ///< the dropped file that it was read from; empty: it came from a server
  /// The session that answered: a number that no other session of this transport has; 0 where
  /// there are no sessions.
  std::uint64_t session = 0;
};

}  // namespace sfb::remote
