// Writes the access log. What is refused is bounded: guesses must not fill the disk.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/access/rate_limit.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/http/types.hpp"
#include "agent/net/log_sum.hpp"
#include "agent/serve/routes.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sfb::serve {

/// Thread rule: loop thread.
class AccessLog {
 public:
  /// How many refusals have a line of their own in one `period`; the rest is counted.
  static constexpr std::size_t kMostRefusals = 20;

  AccessLog(Logger logger, const Clock& clock, const boost::asio::any_io_executor& loop,
            std::chrono::nanoseconds period);

  /// Notes a request that was answered, if it belongs there.
  void note(const Route* route, const http::Request& request, const access::Caller& caller,
            const std::string& request_id, const http::Response& response,
            std::chrono::nanoseconds took);
  /// Writes what is left.
  void stop() { sum_.stop(); }

 private:
  void write();

  Logger logger_;
  const Clock& clock_;
  access::RateLimit refusals_;
  std::uint64_t more_ = 0;  ///< refusals without a line, since the last sum
  net::LogSum sum_;
};

}  // namespace sfb::serve
