// What the history tells of the modules' states over time, as bars of a drawing and as words. Pure
// functions, for a worker thread.
#pragma once

#include "agent/base/time.hpp"
#include "agent/status/history.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sfb::serve {

/// The width of the drawing, from the beginning to now.
inline constexpr int kTimelineWidth = 1000;

/// A time in which one state stayed.
struct Segment {
  WallTime from{};
  WallTime to{};
  std::string word;  ///< empty: not known, because no answer came or the last one is too old
  std::string tone;  ///< `good`, `idle`, `bad`, `unknown`
  int x = 0;         ///< in kTimelineWidth
  int width = 1;     ///< at least 1, so that a short failure is seen
};

/// One direction of one module; segments by time, without gaps.
struct Lane {
  std::string module;
  std::string way;  ///< `export`, `import`
  std::vector<Segment> segments;
};

struct Timeline {
  WallTime from{};
  std::vector<Lane> lanes;
};

/// Of the scheduled question's evaluations; `newest_first` as status::History gives them. From
/// where all that happened is still kept. Without lanes where no answer told of a module.
/// What an answer told is not known from `stale_after` (PoolIdentity's) after it was made.
Timeline timeline_of(const std::vector<status::HistoryEntry>& newest_first, WallTime now,
                     std::chrono::milliseconds stale_after);

/// `good`, `idle` for NotInitialized, `bad`, `unknown` for a word this build does not know.
std::string_view tone_of(std::string_view word);

}  // namespace sfb::serve
