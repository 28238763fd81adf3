// What comes back from a server.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/note.hpp"
#include "agent/base/time.hpp"
#include "agent/value/pipeline.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sfb::remote {

/// The streams that came back and when they were made.
struct Reply {
  std::shared_ptr<const PipelineResult> result;  ///< never null in a good reply
  WallTime made_at{};  ///< wall time of the content, not in the future (for live transports: now)
  std::chrono::nanoseconds age{0};  ///< at reading, not below 0
  std::vector<StageTime> stages;
  Note note;         ///< `file.clock_skew`
  std::string file;  ///< the dropped file that it was read from; empty: it came from a server
  /// The session that answered: a number that no other session of this transport has; 0 where
  /// there are no sessions.
  std::uint64_t session = 0;
};

}  // namespace sfb::remote
