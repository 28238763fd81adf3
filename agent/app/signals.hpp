// The signals that the agent acts on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace sfb::app {

/// SIGTERM, SIGINT and SIGHUP, read from a signalfd: from its making on they are blocked in this
/// thread, to the end of the process. A handler instead would run once per signal, and somebody
/// who sends them without a pause would leave no time for anything else. Thread rule: made in the
/// main thread, before threads that do not block these signals; then for the loop thread.
class Signals {
 public:
  /// Throws std::system_error when there is no descriptor left.
  explicit Signals(const boost::asio::any_io_executor& loop);

  /// The next one, those that waited included; the same signal sent twice meanwhile is one. 0 when
  /// the loop is ending.
  boost::asio::awaitable<int> next();

 private:
  boost::asio::posix::stream_descriptor descriptor_;
};

}  // namespace sfb::app
