#include "agent/serve/live_push.hpp"

#include "agent/base/text.hpp"
#include "agent/http/unread_body.hpp"
#include "agent/net/deadline.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/worker_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

/// A run of the script pushes a handful of exports of a pool; one a second is far more than a task
/// needs.
constexpr std::chrono::seconds kPushInterval{1};
constexpr std::size_t kPushBurst = 30;
/// From the headers to the last byte of the body.
constexpr std::chrono::seconds kBodyTime{30};

Error push_error(Reason reason, std::string code, std::string message, std::string remedy) {
  return {reason, std::move(code), std::move(message), std::move(remedy), {}, Stage::none};
}

bool is_export_type(const http::Request& request) {
  constexpr std::array<std::string_view, 4> kTypes = {
      "application/xml", "text/xml", "application/json", "application/octet-stream"};
  if (request.has("Content-Encoding")) {
    return false;
  }
  const std::string* const type = request.header("Content-Type");
  if (type == nullptr) {
    return true;
  }
  const std::string_view plain = trim(std::string_view(*type).substr(0, type->find(';')));
  return plain.empty() ||
         std::ranges::any_of(kTypes, [&](std::string_view each) { return iequals(each, plain); });
}

int status_of(const Error& error) {
  struct Row {
    std::string_view code;
    int status;
  };
  constexpr std::array<Row, 10> kRows = {{{"access.login", 401},
                                          {"push.older", 409},
                                          {"push.too_large", 413},
                                          {"file.too_large", 413},
                                          {"push.type", 415},
                                          {"push.rate", 429},
                                          {"http.body_slow", 408},
                                          {"http.body", 400},
                                          {"push.not_kept", 202},
                                          {"push.too_large_to_keep", 202}}};
  const auto row = std::ranges::find(kRows, error.code, &Row::code);
  if (row != kRows.end()) {
    return row->status;
  }
  switch (error.reason) {
    case Reason::parse:
      return 400;
    case Reason::forbidden:
      return 403;
    case Reason::not_found:
      return 404;
    default:
      return worker_problem(error).status;
  }
}

std::uint64_t size_of(const http::Request& request) {
  return request.unread ? request.unread->size() : request.body.size();
}

/// Whose bytes they are: a proof and a name, or the certificate's first one.
std::string holder_of(const access::Caller& caller, const http::Peer& peer) {
  const bool by_certificate = caller.proof == access::Proof::none && peer.tls;
  return fmt::format(
      "{} {}", access::to_string(caller.proof),
      by_certificate && !peer.tls->names.empty() ? peer.tls->names.front() : caller.name);
}

using HeldBytes = std::shared_ptr<std::map<std::string, std::size_t>>;

/// Counts until it goes; null: the caller would hold more than `most` with it. A first body is
/// always taken.
std::shared_ptr<void> hold_of(const HeldBytes& held, const std::string& who, std::size_t bytes,
                              std::size_t most) {
  std::size_t& mine = (*held)[who];
  if (mine > 0 && bytes > most - std::min(mine, most)) {
    return nullptr;
  }
  mine += bytes;
  return {held.get(), [held, who, bytes](void* /*map*/) {
            if (((*held)[who] -= bytes) == 0) {
              held->erase(who);
            }
          }};
}

Error not_kept(const PushTaken& taken) {
  return taken.too_large
             ? push_error(Reason::process, "push.too_large_to_keep",
                          "the export is used, and is too large for the state: after a restart "
                          "nothing is held until the next one comes",
                          "export less, with fewer objects or by -PerCategory")
             : push_error(Reason::process, "push.not_kept",
                          "the export is used, and could not be written to the state",
                          "look at the agent's log and at the folder of its state");
}

std::string who(const access::Caller& caller) {
  return caller.name.empty() ? "the caller" : quote(caller.name, 100);
}

}  // namespace

PushDoor::PushDoor(Push push, const Clock& clock, Logger logger)
    : push_(std::move(push)),
      clock_(clock),
      logger_(std::move(logger)),
      refusals_(std::chrono::seconds(1), kMostRefusals, clock.now().mono) {}

void PushDoor::reconfigure(PushOptions options) {
  if (options.budget == nullptr) {
    bodies_ = nullptr;
  } else if (options.budget != options_.budget) {
    bodies_ = std::make_shared<ByteBudget>(options.budget->total() / 4);
  }
  options_ = std::move(options);
  way_in_ = way_in(options_.pools);
  std::erase_if(rates_, [&](const auto& rate) { return !options_.pools.contains(rate.first); });
}

Status PushDoor::check(const http::Request& request, const Fqdn& pool, const access::Caller& caller,
                       const Elsewhere& elsewhere) const {
  const auto place = options_.pools.find(pool);
  if (place == options_.pools.end() || !push_) {
    return std::unexpected(
        push_error(Reason::not_found, "push.not_here",
                   fmt::format("nothing of pool {} is pushed to this agent", pool.str()),
                   "write an endpoint of transport push for it"));
  }
  if (!place->second->admits(caller, request.peer)) {
    return std::unexpected(
        push_error(Reason::forbidden, "push.not_allowed",
                   fmt::format("{} may not push exports of pool {}", who(caller), pool.str()),
                   "name the caller in `from` of the pool's endpoint"));
  }
  if (const PoolElsewhere* const other = elsewhere.find(pool)) {
    return std::unexpected(other_shard(pool, *other, elsewhere));
  }
  if (!is_export_type(request)) {
    return std::unexpected(push_error(
        Reason::protocol, "push.type", "the Content-Type or Content-Encoding is none of an export",
        "send application/xml, application/json or application/octet-stream, uncompressed"));
  }
  if (size_of(request) > options_.most_bytes) {
    return std::unexpected(push_error(Reason::parse, "push.too_large",
                                      fmt::format("the export has {} bytes, at most {} are taken",
                                                  size_of(request), options_.most_bytes),
                                      "raise limits.object, or look what was written"));
  }
  return {};
}

asio::awaitable<Result<PushTaken>> PushDoor::take(std::shared_ptr<const http::Request> request,
                                                  Fqdn pool, access::Caller caller) {
  // Until the export is read and what it is made of has let the body go.
  std::shared_ptr<ByteBudget> all = options_.budget;
  std::shared_ptr<ByteBudget> share = bodies_;
  const auto bytes = static_cast<std::size_t>(
      share ? std::min<std::uint64_t>(size_of(*request), share->total()) : 0);
  const auto mine =
      hold_of(held_, holder_of(caller, request->peer), bytes, share ? share->total() / 2 : bytes);
  const auto of_share = share && mine ? share->try_hold(bytes) : std::nullopt;
  const auto of_all = of_share ? all->try_hold(bytes) : std::nullopt;
  if (!mine || (share != nullptr && !of_all)) {
    co_return std::unexpected(
        push_error(Reason::throttled, "push.in_flight",
                   "exports that are being pushed take too many bytes at once",
                   "try again; if that does not end, raise limits.in_flight"));
  }
  std::string body;
  if (request->unread) {
    auto read = co_await request->unread->read(net::mono_now() + kBodyTime);
    if (!read) {
      co_return std::unexpected(std::move(read.error()));
    }
    body = std::move(*read);
  } else {
    body = request->body;
  }
  // A reload in the meantime may have taken the right away.
  const auto place = options_.pools.find(pool);
  if (place == options_.pools.end() || !place->second->admits(caller, request->peer)) {
    co_return std::unexpected(
        push_error(Reason::forbidden, "push.not_allowed",
                   fmt::format("{} may no longer push exports of pool {}", who(caller), pool.str()),
                   "name the caller in `from` of the pool's endpoint"));
  }
  co_return co_await push_(std::move(pool), std::make_shared<const std::string>(std::move(body)));
}

asio::awaitable<http::Response> PushDoor::answer(const Route& route,
                                                 std::shared_ptr<const http::Request> request,
                                                 access::Caller caller, bool provable,
                                                 Elsewhere elsewhere, std::string request_id) {
  const auto given =
      read_parameters(route.parameters, "exports", *request, path_value(route, request->path));
  const bool somebody = is_somebody(caller, request->peer);
  if (!given && somebody) {
    co_return given.error();
  }
  const std::string name = given ? given->get<Fqdn>("fqdn")->str() : "";
  std::optional<std::chrono::seconds> retry_after;
  const auto outcome = co_await [&]() -> asio::awaitable<Result<PushTaken>> {
    if (!somebody) {
      co_return std::unexpected(push_error(provable ? Reason::auth : Reason::forbidden,
                                           provable ? "access.login" : "push.not_allowed",
                                           "who pushes must show who it is", way_in_));
    }
    const Fqdn pool = *given->get<Fqdn>("fqdn");
    if (Status good = check(*request, pool, caller, elsewhere); !good) {
      co_return std::unexpected(std::move(good.error()));
    }
    const MonoTime now = clock_.now().mono;
    access::RateLimit& rate =
        rates_.try_emplace(pool, kPushInterval, kPushBurst, now).first->second;
    if (!rate.take(now)) {
      retry_after = std::chrono::ceil<std::chrono::seconds>(rate.wait(now));
      co_return std::unexpected(push_error(
          Reason::throttled, "push.rate", "exports of this pool come too fast", "push less often"));
    }
    co_return co_await take(request, pool, caller);
  }();
  http::Response response;
  response.status = 204;
  std::string code = "good";
  if (!outcome || !outcome->kept) {
    const Error error = outcome ? not_kept(*outcome) : outcome.error();
    code = error.code;
    response = problem_json(status_of(error), error, {}, request_id);
    if (response.status == 503 || response.status == 429) {
      response.headers.push_back(
          {"Retry-After", std::to_string(std::max<std::int64_t>(
                              retry_after.value_or(std::chrono::seconds(1)).count(), 1))});
    }
  }
  if (outcome && !outcome->doubt.empty()) {
    code = code == "good" ? "push.ahead" : code;
    response.headers.push_back({"X-Doubt", outcome->doubt});
  }
  if (response.header("Cache-Control") == nullptr) {
    response.headers.push_back({"Cache-Control", "no-store"});
  }
  // What strangers and a flood try is counted, and would only fill the log.
  const bool told = somebody && response.status != 429 &&
                    (response.status < 400 || refusals_.take(clock_.now().mono));
  logger_.log(!told                   ? LogLevel::debug
              : response.status < 300 ? LogLevel::info
                                      : LogLevel::warn,
              "push",
              {{"pool", name},
               {"status", std::to_string(response.status)},
               {"code", code},
               {"proof", std::string(access::to_string(caller.proof))},
               {"caller", caller.name},
               {"peer", request->peer.address},
               {"bytes", std::to_string(size_of(*request))},
               {"request_id", request_id}});
  co_return response;
}

}  // namespace sfb::serve
