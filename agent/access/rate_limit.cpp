#include "agent/access/rate_limit.hpp"

#include <algorithm>

namespace sfb::access {

void RateLimit::fill(MonoTime now) {
  if (now <= at_) {
    return;
  }
  left_ =
      std::min(static_cast<double>(burst_), left_ + to_seconds(now - at_) / to_seconds(interval_));
  at_ = now;
}

bool RateLimit::take(MonoTime now) {
  fill(now);
  if (left_ < 1) {
    return false;
  }
  left_ -= 1;
  return true;
}

std::chrono::nanoseconds RateLimit::wait(MonoTime now) {
  fill(now);
  const double missing = std::max(0.0, 1 - left_) * to_seconds(interval_);
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(missing));
}

}  // namespace sfb::access
