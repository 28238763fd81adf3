#include "agent/engine/admission.hpp"

#include "agent/engine/pool_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace sfb::engine {

namespace {

std::string in_seconds(MonoTime until, MonoTime now) {
  return format_duration(std::chrono::ceil<std::chrono::seconds>(until - now));
}

}  // namespace

void Admission::learn(const Job& job, const Error* failure, bool let_in, Now now) {
  if (failure == nullptr || !causes_backoff(*failure)) {
    if (let_in) {
      accepted(job, now);
    }
    return;
  }
  if (let_in && !causes_backoff(failure->reason)) {
    accepted(job, now);  // it only asks to be left alone: the account is right
  }
  const Refused by{
      .text = fmt::format("{} ({}) for pool {} on endpoint {}: {}", to_string(failure->reason),
                          failure->code, job.question.pool.str(), job.endpoint->options.name,
                          failure->message),
      .reason = failure->reason,
      .remedy = failure->remedy,
      .peer = failure->peer,
      .code = failure->code};
  refused(job, *failure, by, now);
  if (is_refused_logon(*failure)) {
    account_refused(*job.endpoint, job, by, now);
  }
}

void Admission::refused(const Job& job, const Error& failure, const Refused& by, Now now) {
  Endpoint& endpoint = *job.endpoint;
  Backoff& backoff = endpoint.backoff;
  const bool began = causes_backoff(failure.reason)
                         ? backoff.refused(job.started, now.mono, failure.retry_after)
                         : backoff.asked_to_wait(job.started, now.mono, failure.retry_after);
  if (!began) {
    return;
  }
  endpoint.refused = by;
  endpoint.pardoned = false;
  const MonoTime until = *endpoint.backoff.until(now.mono);
  std::vector<LogField> fields = {{"endpoint", endpoint.options.name}};
  std::ranges::move(who_and(job.question, {{"reason", std::string(to_string(failure.reason))},
                                           {"code", failure.code},
                                           {"duration", in_seconds(until, now.mono)}}),
                    std::back_inserter(fields));
  add_request(fields, job.request_id);
  logger_.log(LogLevel::warn, "back-off", fields);
  hooks_.changed(endpoint, now);
  hooks_.left_alone(endpoint, until, now);
}

void Admission::accepted(const Job& job, Now now) {
  Endpoint& endpoint = *job.endpoint;
  // It began in the same moment as this run, or did not hold this endpoint up.
  const bool before = endpoint.backoff_until(now.mono) || endpoint.account->account.until(now.mono);
  endpoint.backoff.accepted(job.started);
  endpoint.account->account.accepted(job.started);
  if (before) {
    for (const Endpoint* other : endpoint.account->members) {
      hooks_.changed(*other, now);
    }
  }
}

void Admission::account_refused(Endpoint& endpoint, const Job& job, const Refused& by, Now now) {
  SharedAccount& shared = *endpoint.account;
  const bool before = shared.account.until(now.mono).has_value();
  if (shared.account.refused(endpoint.id, job.started, now.mono)) {
    const auto secret = endpoint.options.transport->secret();
    shared.secret = secret ? secret : shared.secret;
  }
  const auto until = shared.account.until(now.mono);
  if (before || !until) {
    return;
  }
  shared.refused = by;
  const std::vector<Endpoint*>& all = shared.members;
  if (all.size() > 1) {
    logger_.warn("account refused by two endpoints in a row, all of its endpoints are left alone",
                 {{"endpoint", endpoint.options.name},
                  {"endpoints", std::to_string(all.size())},
                  {"duration", in_seconds(*until, now.mono)}});
  }
  for (Endpoint* other : all) {
    other->pardoned = false;
    hooks_.changed(*other, now);
    hooks_.left_alone(*other, *other->backoff_until(now.mono), now);
  }
}

std::vector<std::pair<Endpoint*, bool>> Admission::credentials_changed(Endpoint& endpoint,
                                                                       std::uint64_t secret,
                                                                       Now now) {
  logger_.info("credentials changed", {{"endpoint", endpoint.options.name}});
  SharedAccount& shared = *endpoint.account;
  // The others tell the same password a moment later: what it led to meanwhile stays learned.
  const bool news = shared.secret != secret;
  std::vector<std::pair<Endpoint*, bool>> concerned;
  for (Endpoint* each : news ? shared.members : std::vector{&endpoint}) {
    concerned.emplace_back(each, each->backoff_until(now.mono).has_value());
  }
  endpoint.backoff.end(now.mono);
  if (news) {
    shared.secret = secret;
    shared.account.end(now.mono);
    shared.end_trials();
  }
  for (const auto& [each, rested] : concerned) {
    if (rested) {
      hooks_.changed(*each, now);
    }
  }
  return concerned;
}

}  // namespace sfb::engine
