// The event that wakes coroutines which wait for a change.
#pragma once

#include "agent/base/time.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <vector>

namespace sfb::net {

/// Coroutines wait here until somebody tells them of a change. It remembers nothing: look at what
/// is waited for before and behind each wait. Thread rule: loop thread. It must outlive those who
/// wait, so a waiting coroutine shares its owner.
class Wake {
 public:
  Wake() = default;
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  /// Ends at the next `notify_all`, at `deadline` or when the coroutine is cancelled, whichever is
  /// first. False: the deadline came.
  boost::asio::awaitable<bool> wait_until(MonoTime deadline);
  /// Wakes all that wait now. They go on behind the caller, never inside the call.
  void notify_all();

 private:
  class Waiter;
  // A timer each, because each has its own deadline.
  std::vector<boost::asio::steady_timer*> waiting_;
};

}  // namespace sfb::net
