// How many requests are taken. Pure.
#pragma once

#include "agent/base/time.hpp"

#include <chrono>
#include <cstddef>

namespace sfb::access {

/// A bucket of `burst` requests, full at first, to which one comes back each `interval`. Thread
/// rule: a value of one owner.
class RateLimit {
 public:
  /// Both above 0.
  RateLimit(std::chrono::nanoseconds interval, std::size_t burst, MonoTime now)
      : interval_(interval), burst_(burst), left_(static_cast<double>(burst)), at_(now) {}

  /// Takes one out. False: there is none.
  bool take(MonoTime now);
  /// How long until there is one.
  std::chrono::nanoseconds wait(MonoTime now);

  bool is_of(std::chrono::nanoseconds interval, std::size_t burst) const {
    return interval == interval_ && burst == burst_;
  }

 private:
  void fill(MonoTime now);

  std::chrono::nanoseconds interval_;
  std::size_t burst_;
  double left_;
  MonoTime at_;  ///< when `left_` was so
};

}  // namespace sfb::access
