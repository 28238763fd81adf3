// What a request passes before any door: the rate, then what proves who asks. And what every answer
// takes along: the headers of the web configuration.
#pragma once

#include "agent/access/basic_users.hpp"
#include "agent/access/caller.hpp"
#include "agent/access/rate_limit.hpp"
#include "agent/base/error.hpp"
#include "agent/base/log.hpp"
#include "agent/http/types.hpp"
#include "agent/net/log_sum.hpp"
#include "agent/serve/live_tokens.hpp"
#include "agent/serve/login_ways.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/routes.hpp"
#include "agent/serve/self_metrics.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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

/// How the proof by a Kerberos ticket ended.
struct TicketOutcome {
  /// Or why not: Reason::auth is answered 401, forbidden 403, throttled, timeout and process (what
  /// the agent needs for it is not there) 503.
  std::expected<access::Caller, Error> caller;
  std::string reply_token = {};  ///< for the client, as bytes; empty: none
};
/// Looks at the Authorization header of a request, which is of scheme Negotiate. Nothing of what it
/// gives is a secret but the token, which is for this client.
using Tickets = std::function<boost::asio::awaitable<TicketOutcome>(
    std::shared_ptr<const http::Request> request, std::string request_id)>;

/// What the configuration says about who callers are.
struct Identities {
  using Groups = std::vector<std::string>;                ///< names or SIDs
  std::map<std::string, Groups, std::less<>> users = {};  ///< of some of WebOptions::users
  /// By a name of a client certificate that the handshake verified; names are compared without
  /// case.
  std::map<std::string, Groups, std::less<>> certificates = {};
  std::vector<TokenFile> tokens = {};
  Tickets tickets = {};  ///< empty: the scheme Negotiate is not offered

  /// Somebody without basic_auth_users can prove an identity with a header.
  bool can_be_asked() const { return tickets != nullptr || !tokens.empty(); }
  /// Without basic_auth_users, which the web configuration has.
  LoginWays ways() const {
    return {.ticket = tickets != nullptr,
            .certificate = !certificates.empty(),
            .token = !tokens.empty()};
  }
};

/// Who passed.
struct Admission {
  access::Caller caller = {};
  std::string reply_token = {};  ///< of the ticket: the answer takes it along
};

/// Thread rule: loop thread.
class Gate {
 public:
  /// `users` is the gate's alone, and outlives it. `tokens`: null where nothing can read files.
  Gate(access::BasicUsers& users, std::shared_ptr<Tokens> tokens, std::shared_ptr<SelfMetrics> self,
       const Clock& clock, Logger logger, const boost::asio::any_io_executor& loop,
       std::chrono::nanoseconds log_period);

  /// From now on this. A bucket of the same rate stays as full as it is.
  void reconfigure(WebOptions options);
  /// The same of the configuration.
  void identify(Identities identities);

  /// Who asks, or the finished refusal: 429, 401, 403 or 503. Where there are users, nobody passes
  /// without a proof; else somebody without one passes as nobody. The Authorization header counts
  /// before the certificate, unless its scheme is none of ours. A proof that is wrong is refused
  /// in both cases. The doors' own rules come after it. `route`: nullptr for a path without a door,
  /// which is refused likewise.
  boost::asio::awaitable<std::expected<Admission, http::Response>> pass(
      std::shared_ptr<const http::Request> request, const Route* route, std::string request_id);

  /// Whether this request passes as nobody's and its answer takes nothing along, so that `pass` and
  /// `finish` have nothing to do.
  bool is_open(const http::Request& request) const;

  /// Adds the headers that the answer does not have by itself; to a 401 the schemes that are
  /// offered, one header each. `reply_token`: Admission's.
  void finish(http::Response& response, std::string_view reply_token = {}) const;

  /// Writes what is left to be logged.
  void stop() { log_.stop(); }

 private:
  using Passed = std::expected<Admission, http::Response>;
  using Refuse = std::function<http::Response(Problem)>;
  /// The last page for somebody who did not get in: strangers ask for it as fast as they like.
  struct LoginShown {
    int status;
    Error error;
    http::Response page;
  };
  boost::asio::awaitable<Passed> login(std::shared_ptr<const http::Request> request, Refuse refuse);
  boost::asio::awaitable<Passed> bearer(std::shared_ptr<const http::Request> request,
                                        Refuse refuse);
  boost::asio::awaitable<Passed> ticket(std::shared_ptr<const http::Request> request,
                                        std::string request_id, Refuse refuse);
  /// Of the connection's certificate; nothing where none of its names is configured.
  std::optional<access::Caller> certificate(const http::Peer& peer) const;
  /// In the form of the door. To people a 401 or 403 says how to get in.
  http::Response refusal(const http::Request& request, const Route* route,
                         const std::string& request_id, Problem problem);
  http::Response login_refusal(int status, Error error, bool tls);
  void note(access::Login login, const std::string& peer);
  void note_ticket(const TicketOutcome& outcome, const std::string& peer);
  void write();

  access::BasicUsers& users_;
  std::shared_ptr<Tokens> tokens_;
  std::shared_ptr<SelfMetrics> self_;
  const Clock& clock_;
  Logger logger_;
  std::vector<http::Header> headers_;
  std::optional<access::RateLimit> rate_;
  Identities identities_;
  std::optional<LoginShown> login_shown_;
  std::uint64_t bad_ = 0;  ///< since the last line, likewise below
  std::uint64_t unchecked_ = 0;
  std::string peer_;    ///< of the last one
  std::string ticket_;  ///< why the last ticket was refused
  net::LogSum log_;
};

}  // namespace sfb::serve
