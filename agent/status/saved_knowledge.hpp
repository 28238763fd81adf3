// What is known of a pool besides its answer and the collector's memory, as text: what outlives the
// process. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/status/trigger.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::status {

struct SavedKnowledge {
  /// The last conclusive answer, without its objects.
  struct Good {
    std::uint64_t id = 0;
    WallTime evaluated_at{};
    WallTime finished{};
    std::chrono::nanoseconds duration{0};
    Trigger trigger = Trigger::schedule;
    std::optional<WallTime> dated = {};  ///< Evaluation's
  };
  std::optional<WallTime> last_evaluation = {};
  std::optional<std::chrono::nanoseconds> last_duration = {};
  std::optional<WallTime> last_success = {};
  std::optional<Good> good = {};
  std::optional<WallTime> failing_since = {};
  std::uint64_t failures_in_row = 0;
  std::optional<Error> failure = {};  ///< of the last evaluation, its texts cut
};

std::string write_saved_knowledge(const SavedKnowledge& knowledge);

/// Absent where it is not what `write_saved_knowledge` gives. Lines of a newer build are left out.
/// Never throws. Times may lie ahead of our clock: it may have been set back.
std::optional<SavedKnowledge> read_saved_knowledge(std::string_view text);

}  // namespace sfb::status
