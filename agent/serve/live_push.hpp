// `PUT /api/v1/exports/{fqdn}`: an export of a pool's status is pushed. The body is read only when
// it is known who pushes, and bounded.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/access/rate_limit.hpp"
#include "agent/base/byte_budget.hpp"
#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/log.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/elsewhere.hpp"
#include "agent/serve/pushers.hpp"
#include "agent/serve/routes.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sfb::serve {

/// An export that was taken.
struct PushTaken {
  bool kept = false;       ///< else it is used, and could not be kept
  bool too_large = false;  ///< that is why: no state takes one of that size
  std::string doubt = {};  ///< what is wrong with its date, a sentence of printable ASCII; or empty
};

/// Takes an export, when it has read it. Errors: Reason::stale, code `push.older`;
/// Reason::not_found `push.not_here`; Reason::parse for what is wrong with it; those of a worker.
/// Thread rule: loop thread.
using Push = std::function<boost::asio::awaitable<Result<PushTaken>>(
    Fqdn pool, std::shared_ptr<const std::string> body)>;

/// What may change at a reload.
struct PushOptions {
  std::map<Fqdn, std::shared_ptr<const Pushers>> pools = {};  ///< those that are pushed to
  std::size_t most_bytes = 0;                                 ///< of a body
  /// limits.in_flight, of which bodies hold a quarter at most; absent: they hold nothing.
  std::shared_ptr<ByteBudget> budget = {};
};

/// Thread rule: loop thread.
class PushDoor {
 public:
  /// Refusals of callers who are known that have a line in the log at once; then one each second.
  static constexpr std::size_t kMostRefusals = 60;

  /// Empty `push`: nobody can.
  PushDoor(Push push, const Clock& clock, Logger logger);

  /// Bodies that are being read count on while the budget stays.
  void reconfigure(PushOptions options);

  /// The finished answer to a request that named a host of ours. `provable`: a header can prove who
  /// asks.
  boost::asio::awaitable<http::Response> answer(const Route& route,
                                                std::shared_ptr<const http::Request> request,
                                                access::Caller caller, bool provable,
                                                Elsewhere elsewhere, std::string request_id);

 private:
  /// What is wrong before a byte of the body is read; nothing: go on.
  Status check(const http::Request& request, const Fqdn& pool, const access::Caller& caller,
               const Elsewhere& elsewhere) const;
  boost::asio::awaitable<Result<PushTaken>> take(std::shared_ptr<const http::Request> request,
                                                 Fqdn pool, access::Caller caller);

  Push push_;
  const Clock& clock_;
  Logger logger_;
  PushOptions options_;
  std::string way_in_;                  ///< for strangers
  std::shared_ptr<ByteBudget> bodies_;  ///< the share of options_.budget
  std::map<Fqdn, access::RateLimit> rates_;
  access::RateLimit refusals_;  ///< that have a line in the log
  /// Bytes of bodies under way by caller, so that one lost token does not stop all other sites.
  std::shared_ptr<std::map<std::string, std::size_t>> held_ =
      std::make_shared<std::map<std::string, std::size_t>>();
};

}  // namespace sfb::serve
