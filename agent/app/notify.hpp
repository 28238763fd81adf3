// What the agent tells the service manager that started it (sd_notify(3)): that it answers, that it
// still turns, that it ends.
#pragma once

#include "agent/base/log.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <string>

namespace sfb::app {

/// Without a service manager that wants to know ($NOTIFY_SOCKET), nothing is told. Thread rule:
/// loop thread, or before it runs; destroyed before its io_context.
class Notify {
 public:
  Notify(const boost::asio::any_io_executor& loop, Logger logger);

  /// The agent listens. From now on, where the unit has WatchdogSec=, a sign of life twice in that
  /// time: a loop that hangs gives none, and the manager starts the agent anew.
  void ready(const std::string& status);
  /// One line about how it goes, for `systemctl status`.
  void status(const std::string& status);
  /// The agent ends by itself or because it was told to. Signs of life go on while the loop turns.
  void stopping();

 private:
  void beat();
  void tell(const std::string& state);

  Logger logger_;
  boost::asio::steady_timer timer_;
  std::chrono::microseconds period_{0};  ///< between two signs of life; 0: none are wanted
  bool deaf_ = false;                    ///< the manager could not be told, which was logged
};

}  // namespace sfb::app
