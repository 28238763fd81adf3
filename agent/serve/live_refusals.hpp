// What the log tells of callers who were refused because there are too many.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/log.hpp"
#include "agent/net/log_sum.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace sfb::serve {

/// Thread rule: loop thread.
class RefusalLog {
 public:
  RefusalLog(Logger logger, const boost::asio::any_io_executor& loop,
             std::chrono::nanoseconds period);

  /// Other errors are left to those who cause them.
  void note(const Error& error);
  /// Writes what is left.
  void stop() { sum_.stop(); }

 private:
  void write();

  Logger logger_;
  std::map<std::string, std::uint64_t> refused_;  ///< by code, since the last line
  net::LogSum sum_;
};

}  // namespace sfb::serve
