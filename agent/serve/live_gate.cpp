#include "agent/serve/live_gate.hpp"

#include "agent/access/basic_header.hpp"
#include "agent/access/bearer_header.hpp"
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/page_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

constexpr std::string_view kLogin = "access.login";
constexpr std::string_view kAuthenticate = "WWW-Authenticate";
constexpr std::string_view kBasic = "Basic realm=\"sfb_backup_exporter\", charset=\"UTF-8\"";

/// Of a page: the status in words, as other exporters do. Where more is known than that a login is
/// needed or wrong, it says so: a browser shows nothing else of a refused ticket.
std::string page_text(const Problem& problem) {
  const std::string words(http::status_text(problem.status));
  return problem.error.code == kLogin || problem.status == 429
             ? words
             : fmt::format("{}: {} [{}]", words, describe(problem.error), problem.error.code);
}

bool is_for_people(const Route* route) {
  return route != nullptr && (route->door == Door::index || route->door == Door::status);
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

Problem unread() {
  return {.status = 503,
          .error = {Reason::timeout,
                    "access.tokens",
                    "the files of the agent's tokens could not be read in time",
                    "try again; look at the disk or mount that they lie on",
                    {},
                    Stage::none},
          .retry_after = std::chrono::seconds(1)};
}

Problem unknown(std::string message) {
  return {.status = 401,
          .error = {Reason::auth,
                    std::string(kLogin),
                    std::move(message),
                    "log in as the header WWW-Authenticate says",
                    {},
                    Stage::none}};
}

constexpr std::string_view kBearer = "Bearer realm=\"sfb_backup_exporter\"";
constexpr std::string_view kNegotiate = "Negotiate";

bool is_scheme(std::string_view scheme, std::string_view authorization) {
  return iequals(scheme, authorization.substr(0, authorization.find(' ')));
}

http::Header negotiate_header(std::string_view token) {
  return {std::string(kAuthenticate), std::string(kNegotiate) + ' ' + base64_encode(token)};
}

// What the agent itself lacks, its log says: strangers learn neither paths nor the system's words.
Error told_to_strangers(const Error& error) {
  return {error.reason,
          error.code,
          "the agent cannot look at tickets now",
          "try again; the agent's log says why",
          {},
          Stage::none};
}

Problem no_ticket(Error error) {
  const bool ours = error.reason == Reason::timeout || error.reason == Reason::process;
  const int status = error.reason == Reason::forbidden           ? 403
                     : ours || error.reason == Reason::throttled ? 503
                                                                 : 401;
  error = ours ? told_to_strangers(error) : std::move(error);
  Problem problem{.status = status, .error = std::move(error)};
  if (status == 503) {
    problem.retry_after = std::chrono::seconds(1);
  }
  return problem;
}

}  // namespace

Gate::Gate(access::BasicUsers& users, std::shared_ptr<Tokens> tokens,
           std::shared_ptr<SelfMetrics> self, const Clock& clock, Logger logger,
           const asio::any_io_executor& loop, std::chrono::nanoseconds log_period)
    : users_(users),
      tokens_(std::move(tokens)),
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

void Gate::identify(Identities identities) {
  identities_ = std::move(identities);
  if (tokens_) {
    tokens_->set(identities_.tokens);
  }
}

asio::awaitable<Gate::Passed> Gate::pass(std::shared_ptr<const http::Request> request,
                                         const Route* route, std::string request_id) {
  const Refuse refuse = [this, request, route, request_id](Problem problem) {
    return refusal(*request, route, request_id, std::move(problem));
  };
  if (rate_) {
    const MonoTime now = clock_.now().mono;
    if (!rate_->take(now)) {
      co_return std::unexpected(refuse(too_fast(rate_->wait(now))));
    }
  }
  const std::string_view authorization = request->authorization.reveal();
  if (!users_.empty() && is_scheme("Basic", authorization)) {
    co_return co_await login(std::move(request), refuse);
  }
  if (tokens_ && !tokens_->empty() && is_scheme("Bearer", authorization)) {
    co_return co_await bearer(std::move(request), refuse);
  }
  if (identities_.tickets && is_scheme(kNegotiate, authorization)) {
    co_return co_await ticket(std::move(request), std::move(request_id), refuse);
  }
  if (auto caller = certificate(request->peer)) {
    co_return Admission{.caller = std::move(*caller)};
  }
  if (users_.empty()) {
    co_return Admission{};
  }
  co_return std::unexpected(refuse(unknown("this agent wants a login")));
}

http::Response Gate::refusal(const http::Request& request, const Route* route,
                             const std::string& request_id, Problem problem) {
  if (route != nullptr && route->door == Door::query) {
    return problem_response(guess_form(request, request_id), problem, {});
  }
  if (is_for_people(route) && (problem.status == 401 || problem.status == 403)) {
    return login_refusal(problem.status, std::move(problem.error), request.peer.tls != nullptr);
  }
  http::Response response = route != nullptr && refuses_in_json(*route)
                                ? problem_json(problem.status, problem.error, {}, request_id)
                                : http::text_response(problem.status, page_text(problem));
  if (problem.retry_after) {
    response.headers.push_back({"Retry-After", std::to_string(problem.retry_after->count())});
  }
  return response;
}

http::Response Gate::login_refusal(int status, Error error, bool tls) {
  if (error.code == kLogin) {
    LoginWays ways = identities_.ways();
    ways.password = !users_.empty();
    ways.certificate = ways.certificate && tls;
    error.remedy = login_remedy(ways);
  }
  const auto is_it = [&](const LoginShown& shown) {
    return shown.status == status && shown.error.code == error.code &&
           shown.error.message == error.message && shown.error.remedy == error.remedy;
  };
  if (!login_shown_ || !is_it(*login_shown_)) {
    http::Response page = login_page(status, error);
    login_shown_.emplace(status, std::move(error), std::move(page));
  }
  return login_shown_->page;
}

bool Gate::is_open(const http::Request& request) const {
  return !rate_ && users_.empty() && headers_.empty() && request.authorization.empty() &&
         request.peer.tls == nullptr;
}

asio::awaitable<Gate::Passed> Gate::login(std::shared_ptr<const http::Request> request,
                                          Refuse refuse) {
  auto credentials = access::read_basic(request->authorization.reveal());
  if (!credentials) {
    co_return std::unexpected(refuse(unknown("this agent wants a login")));
  }
  std::string user = credentials->user;
  const access::Login login = co_await users_.check(std::move(*credentials), request->peer.address,
                                                    request->peer.connection);
  note(login, request->peer.address);
  switch (login) {
    case access::Login::good:
    case access::Login::good_cached: {
      access::Caller caller{.proof = access::Proof::password, .name = std::move(user)};
      if (const auto found = identities_.users.find(caller.name);
          found != identities_.users.end()) {
        caller.group_names = found->second;
      }
      co_return Admission{.caller = std::move(caller)};
    }
    case access::Login::refused:
      co_return std::unexpected(refuse(busy()));
    case access::Login::bad:
    case access::Login::bad_cached:
      break;
  }
  co_return std::unexpected(refuse(unknown("there is no such user with that password")));
}

asio::awaitable<Gate::Passed> Gate::bearer(std::shared_ptr<const http::Request> request,
                                           Refuse refuse) {
  auto token = access::read_bearer(request->authorization.reveal());
  TokenOutcome outcome;
  if (token) {
    outcome = co_await tokens_->check(std::move(*token));
  }
  note(outcome.caller    ? access::Login::good
       : outcome.unknown ? access::Login::refused
                         : access::Login::bad,
       request->peer.address);
  if (outcome.caller) {
    co_return Admission{.caller = std::move(*outcome.caller)};
  }
  co_return std::unexpected(refuse(outcome.unknown ? unread() : unknown("this token is nobody's")));
}

asio::awaitable<Gate::Passed> Gate::ticket(std::shared_ptr<const http::Request> request,
                                           std::string request_id, Refuse refuse) {
  const Tickets tickets = identities_.tickets;  // a reload may change them meanwhile
  const std::string peer = request->peer.address;
  TicketOutcome outcome = co_await tickets(std::move(request), std::move(request_id));
  note_ticket(outcome, peer);
  if (outcome.caller) {
    co_return Admission{std::move(*outcome.caller), std::move(outcome.reply_token)};
  }
  http::Response response = refuse(no_ticket(std::move(outcome.caller.error())));
  if (!outcome.reply_token.empty()) {
    response.headers.push_back(negotiate_header(outcome.reply_token));
  }
  co_return std::unexpected(std::move(response));
}

std::optional<access::Caller> Gate::certificate(const http::Peer& peer) const {
  access::Caller caller{.proof = access::Proof::certificate};
  if (peer.tls == nullptr) {
    return std::nullopt;
  }
  for (const auto& [name, groups] : identities_.certificates) {
    const auto is_name = [&](const std::string& given) { return iequals(given, name); };
    if (std::ranges::any_of(peer.tls->names, is_name)) {
      caller.name = caller.name.empty() ? name : caller.name;
      caller.group_names.insert(caller.group_names.end(), groups.begin(), groups.end());
    }
  }
  return caller.name.empty() ? std::nullopt : std::optional(std::move(caller));
}

void Gate::finish(http::Response& response, std::string_view reply_token) const {
  const bool answered = response.header(kAuthenticate) != nullptr;
  if (!reply_token.empty()) {
    response.headers.push_back(negotiate_header(reply_token));
  }
  if (response.status == 401) {
    if (!users_.empty()) {
      response.headers.push_back({std::string(kAuthenticate), std::string(kBasic)});
    }
    if (tokens_ && !tokens_->empty()) {
      response.headers.push_back({std::string(kAuthenticate), std::string(kBearer)});
    }
    // With a reply the exchange goes on; beside it the bare word would begin another.
    if (identities_.tickets && !answered && reply_token.empty()) {
      response.headers.push_back({std::string(kAuthenticate), std::string(kNegotiate)});
    }
  }
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

void Gate::note_ticket(const TicketOutcome& outcome, const std::string& peer) {
  if (outcome.caller) {
    note(access::Login::good, peer);
    return;
  }
  const Error& error = outcome.caller.error();
  ticket_ = describe(error);
  const bool looked_at = error.reason == Reason::auth || error.reason == Reason::forbidden;
  note(looked_at ? access::Login::bad : access::Login::refused, peer);
}

void Gate::write() {
  std::vector<LogField> fields = {{"bad", std::to_string(std::exchange(bad_, 0))},
                                  {"unchecked", std::to_string(std::exchange(unchecked_, 0))},
                                  {"last_peer", peer_}};
  if (!ticket_.empty()) {
    fields.push_back({"last_ticket", std::exchange(ticket_, {})});
  }
  logger_.log(LogLevel::warn, "logins refused", fields);
}

}  // namespace sfb::serve
