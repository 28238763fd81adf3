#include "agent/serve/live_gate.hpp"

#include "agent/access/basic_header.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/problem.hpp"

#include <algorithm>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kChallenge = "Basic realm=\"sfb_backup_exporter\", charset=\"UTF-8\"";

/// In the form of the door; where that is a page, the status in words, as other exporters do.
http::Response refusal(const http::Request& request, const Route* route,
                       const std::string& request_id, Problem problem) {
  if (route != nullptr && route->door == Door::query) {
    return problem_response(guess_form(request, request_id), problem, {});
  }
  http::Response response =
      route != nullptr && speaks_json(*route)
          ? problem_json(problem.status, problem.error, {}, request_id)
          : http::text_response(problem.status, std::string(http::status_text(problem.status)));
  if (problem.retry_after) {
    response.headers.push_back({"Retry-After", std::to_string(problem.retry_after->count())});
  }
  return response;
}

Problem too_fast(std::chrono::nanoseconds wait) {
  return {.status = 429,
          .error = {Reason::throttled,
                    "access.rate",
                    "more requests come than `rate_limit` of the web configuration allows",
                    "ask less often",
                    {},
                    Stage::none},
          .retry_after =
              std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(wait))};
}

Problem busy() {
  return {.status = 503,
          .error = {Reason::throttled,
                    "access.logins",
                    "too many logins wait to be looked at, this one was not",
                    "try again",
                    {},
                    Stage::none},
          .retry_after = std::chrono::seconds(1)};
}

Problem unknown(std::string message) {
  return {.status = 401,
          .error = {Reason::auth,
                    "access.login",
                    std::move(message),
                    "log in as one of `basic_auth_users` of the web configuration (scheme Basic)",
                    {},
                    Stage::none}};
}

http::Response challenge(http::Response response) {
  response.headers.push_back({"WWW-Authenticate", std::string(kChallenge)});
  return response;
}

}  // namespace

Gate::Gate(access::BasicUsers& users, std::shared_ptr<SelfMetrics> self, const Clock& clock,
           Logger logger, const asio::any_io_executor& loop, std::chrono::nanoseconds log_period)
    : users_(users),
      self_(std::move(self)),
      clock_(clock),
      logger_(std::move(logger)),
      log_(loop, log_period, [this] { write(); }) {}

void Gate::reconfigure(WebOptions options) {
  headers_ = std::move(options.headers);
  users_.set(std::move(options.users));
  if (!options.rate) {
    rate_.reset();
  } else if (!rate_ || !rate_->is_of(options.rate->interval, options.rate->burst)) {
    rate_.emplace(options.rate->interval, options.rate->burst, clock_.now().mono);
  }
}

asio::awaitable<std::expected<Caller, http::Response>> Gate::pass(
    std::shared_ptr<const http::Request> request, const Route* route, std::string request_id) {
  const auto refuse = [&](Problem problem) {
    return refusal(*request, route, request_id, std::move(problem));
  };
  if (rate_) {
    const MonoTime now = clock_.now().mono;
    if (!rate_->take(now)) {
      co_return std::unexpected(refuse(too_fast(rate_->wait(now))));
    }
  }
  if (users_.empty()) {
    co_return Caller{};
  }
  auto credentials = access::read_basic(request->authorization.reveal());
  if (!credentials) {
    co_return std::unexpected(challenge(refuse(unknown("this agent wants a login"))));
  }
  std::string user = credentials->user;
  const access::Login login = co_await users_.check(std::move(*credentials), request->peer.address,
                                                    request->peer.connection);
  note(login, request->peer.address);
  switch (login) {
    case access::Login::good:
    case access::Login::good_cached:
      co_return Caller{std::move(user)};
    case access::Login::refused:
      co_return std::unexpected(refuse(busy()));
    case access::Login::bad:
    case access::Login::bad_cached:
      break;
  }
  co_return std::unexpected(challenge(refuse(unknown("there is no such user with that password"))));
}

void Gate::finish(http::Response& response) const {
  for (const http::Header& header : headers_) {
    if (response.header(header.name) == nullptr) {
      response.headers.push_back(header);
    }
  }
}

// Never the name: it may be a password in the wrong place.
void Gate::note(access::Login login, const std::string& peer) {
  self_->login(login);
  if (login == access::Login::good || login == access::Login::good_cached) {
    return;
  }
  ++(login == access::Login::refused ? unchecked_ : bad_);
  peer_ = peer;
  log_.happened();
}

void Gate::write() {
  logger_.warn("logins refused", {{"bad", std::to_string(std::exchange(bad_, 0))},
                                  {"unchecked", std::to_string(std::exchange(unchecked_, 0))},
                                  {"last_peer", peer_}});
}

}  // namespace sfb::serve
