#include "agent/engine/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sfb::engine {

namespace {

// Whole seconds a caller should wait; never 0, never too few.
std::chrono::seconds seconds_until(MonoTime time, MonoTime now) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(time - now), std::chrono::seconds(1));
}

status::Refusal ask_later(std::string code, std::string message, std::string remedy, MonoTime free,
                          Now now) {
  return {Error{Reason::throttled, std::move(code), std::move(message), std::move(remedy), "",
                Stage::queue},
          seconds_until(free, now.mono),
          {}};
}

}  // namespace

status::Refusal refuse_stopping() {
  return {Error{Reason::throttled, "engine.stopping", "the agent is shutting down",
                "ask again when it is back", "", Stage::none},
          std::chrono::seconds(5),
          {}};
}

status::Refusal refuse_unknown(const Fqdn& pool) {
  return {Error{Reason::not_found, "pool.not_configured",
                fmt::format("pool {} is not configured", pool.str()),
                "add it to `pools`, or ask for the name that stands there", "", Stage::none},
          {},
          {}};
}

status::Refusal refuse_gone() {
  return {
      Error{Reason::timeout, "caller.gone", "the caller has stopped waiting", "", "", Stage::none},
      {},
      {}};
}

status::Refusal refuse_crowd(std::size_t waiting) {
  return {Error{Reason::throttled, "engine.too_many_waiting",
                fmt::format("{} callers are waiting already", waiting),
                "ask less often, or with max_age", "", Stage::queue},
          std::chrono::seconds(1),
          {}};
}

status::Refusal refuse_too_soon(const collectors::Collector& what, const Fqdn& pool,
                                std::chrono::milliseconds least, MonoTime free, Now now) {
  return ask_later("engine.too_soon",
                   fmt::format("{} was asked at pool {} less than {} ago, with other parameters",
                               what.name, pool.str(), format_duration(least)),
                   "ask less often; global.min_live_interval is the least time between two live "
                   "questions of a collector at a pool",
                   free, now);
}

status::Refusal refuse_not_kept(const collectors::Collector& what, const Fqdn& pool,
                                std::chrono::milliseconds least, MonoTime free, Now now) {
  return ask_later("engine.not_kept",
                   fmt::format("{} was asked at pool {} less than {} ago, and the objects of the "
                               "answer are not kept: those of all pools take too much memory",
                               what.name, pool.str(), format_duration(least)),
                   "ask again when global.min_live_interval is over; find out why answers are so "
                   "large, `limits.in_flight` sets how much is kept",
                   free, now);
}

status::Refusal refuse_impatient(const collectors::Collector& what, const Fqdn& pool,
                                 std::chrono::milliseconds least, MonoTime free, Now now) {
  return ask_later("engine.too_soon",
                   fmt::format("{} was asked at pool {} twice within {}, and the callers left "
                               "before the answer came",
                               what.name, pool.str(), format_duration(least)),
                   "let callers wait as long as an evaluation takes, or ask with max_age", free,
                   now);
}

status::Refusal refuse_too_late() {
  return {Error{Reason::timeout, "timeout.queue", "no time for an answer was left",
                "allow more time", "", Stage::queue},
          {},
          {}};
}

status::Refusal refuse_remnant(const Endpoint& endpoint, std::chrono::milliseconds least) {
  return {Error{Reason::throttled, "engine.no_time_left",
                fmt::format("less than {} were left when the turn at endpoint {} came",
                            format_duration(least), endpoint.options.name),
                "allow more time, ask with max_age, or raise the endpoint's max_concurrent", "",
                Stage::queue},
          std::chrono::seconds(1),
          {}};
}

status::Refusal refuse_queued(const Endpoint& endpoint, bool held) {
  return {Error{Reason::timeout, "timeout.queue",
                fmt::format("endpoint {} {} until the time for an answer was over",
                            endpoint.options.name,
                            held ? "waited for another endpoint of its account" : "was busy"),
                held ? "look at the failures of endpoints with the same user name; allow more time"
                     : "allow more time, ask with max_age, or raise the endpoint's max_concurrent",
                "", Stage::queue},
          {},
          {}};
}

status::Refusal refuse_slow(const Endpoint& endpoint) {
  return {Error{Reason::timeout, "timeout.waiting",
                fmt::format("endpoint {} did not answer in the time the caller had",
                            endpoint.options.name),
                "allow more time, or ask with max_age", "", Stage::query},
          {},
          {}};
}

status::Refusal refuse_backoff(const Endpoint& endpoint, MonoTime until, Now now) {
  const std::chrono::seconds wait = seconds_until(until, now.mono);
  const Refused& by = endpoint.refused_by(until, now.mono);
  const std::string& name = endpoint.options.name;
  Error error{
      Reason::throttled,
      "engine.backoff",
      fmt::format("endpoint {} is left alone for {} s after {}", name, wait.count(), by.text),
      "repair the cause; a new password in its file ends it at once, and so does a reload "
      "that changes the settings of the endpoint or of its account",
      "",
      Stage::queue};
  if (by.reason == Reason::throttled) {
    // 429 may be a proxy's.
    error.message = fmt::format("endpoint {} waits {} s for {}, after {}", name, wait.count(),
                                by.code == "http.throttled" ? "the limit of a web server or proxy"
                                                            : "a quota of its server",
                                by.text);
    error.remedy =
        fmt::format("{}{}the agent asks again by itself", by.remedy, by.remedy.empty() ? "" : "; ");
    error.peer = by.peer;
  }
  return {std::move(error), wait, {}};
}

}  // namespace sfb::engine
