// When to log again what may happen a thousand times a second.
#pragma once

#include "agent/base/time.hpp"

#include <chrono>
#include <optional>

namespace sfb {

/// Lets one log line through a period. Thread rule: a value of one owner.
class Seldom {
 public:
  explicit Seldom(std::chrono::nanoseconds period = std::chrono::minutes(1)) : period_(period) {}

  /// May a line be logged at `now`? A yes begins the next period.
  bool due(MonoTime now) {
    if (last_ && now - *last_ < period_) {
      return false;
    }
    last_ = now;
    return true;
  }

 private:
  std::chrono::nanoseconds period_;
  std::optional<MonoTime> last_;
};

}  // namespace sfb
