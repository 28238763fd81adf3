// What a request passes before any door: the rate, then the password. And what every answer takes
// along: the headers of the web configuration.
#pragma once

#include "agent/access/basic_users.hpp"
#include "agent/access/rate_limit.hpp"
#include "agent/base/log.hpp"
#include "agent/http/types.hpp"
#include "agent/net/log_sum.hpp"
#include "agent/serve/caller.hpp"
#include "agent/serve/routes.hpp"
#include "agent/serve/self_metrics.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::serve {

/// What the web configuration says about requests. Empty: nothing.
struct WebOptions {
  struct Rate {
    std::chrono::nanoseconds interval{0};  ///< above 0
    std::size_t burst = 0;                 ///< above 0
  };
  std::vector<http::Header> headers;
  std::vector<access::User> users;  ///< any: every door needs one of them
  std::optional<Rate> rate;
};

/// Thread rule: loop thread.
class Gate {
 public:
  /// `users` is the gate's alone, and outlives it.
  Gate(access::BasicUsers& users, std::shared_ptr<SelfMetrics> self, const Clock& clock,
       Logger logger, const boost::asio::any_io_executor& loop,
       std::chrono::nanoseconds log_period);

  /// From now on this. A bucket of the same rate stays as full as it is.
  void reconfigure(WebOptions options);

  /// Who asks, or the finished refusal: 429, 401 or 503. The doors' own rules come after it.
  /// `route`: nullptr for a path without a door, which is refused likewise.
  boost::asio::awaitable<std::expected<Caller, http::Response>> pass(
      std::shared_ptr<const http::Request> request, const Route* route, std::string request_id);

  /// Adds the headers that the answer does not have by itself.
  void finish(http::Response& response) const;

  /// Writes what is left to be logged.
  void stop() { log_.stop(); }

 private:
  void note(access::Login login, const std::string& peer);
  void write();

  access::BasicUsers& users_;
  std::shared_ptr<SelfMetrics> self_;
  const Clock& clock_;
  Logger logger_;
  std::vector<http::Header> headers_;
  std::optional<access::RateLimit> rate_;
  std::uint64_t bad_ = 0;  ///< since the last line, likewise below
  std::uint64_t unchecked_ = 0;
  std::string peer_;  ///< of the last one
  net::LogSum log_;
};

}  // namespace sfb::serve
