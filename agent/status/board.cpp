// The histogram of durations.
#include "agent/status/board.hpp"

#include <algorithm>

namespace sfb::status {

void DurationHistogram::observe(std::chrono::nanoseconds duration) {
  const double seconds = to_seconds(duration);
  // `le` is inclusive: the first bound that is not below the value.
  const auto bound = std::ranges::lower_bound(kDurationBounds, seconds);
  ++buckets[static_cast<std::size_t>(bound - kDurationBounds.begin())];
  ++count;
  sum += seconds;
}

}  // namespace sfb::status
