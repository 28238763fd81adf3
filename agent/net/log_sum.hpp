// A log line about what may happen a thousand times a second, that leaves out nothing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sfb::net {

/// Writes at once when it happens for the first time, then once for each period in which it
/// happened again, at its end. The writer knows how often: it counts. Thread rule: loop thread.
class LogSum {
 public:
  LogSum(const boost::asio::any_io_executor& loop, std::chrono::nanoseconds period,
         std::function<void()> write);
  ~LogSum();
  LogSum(const LogSum&) = delete;
  LogSum& operator=(const LogSum&) = delete;

  void happened();
  /// Writes what is left; the loop has nothing to wait for then.
  void stop();

 private:
  struct State {
    boost::asio::steady_timer timer;
    std::chrono::nanoseconds period;
    std::function<void()> write;
    bool waiting = false;  // for the end of a period
    bool more = false;     // since the last line
  };
  static void wait(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
};

}  // namespace sfb::net
