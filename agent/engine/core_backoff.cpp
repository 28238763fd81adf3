// Back-off of an endpoint: all its pools leave the server alone, and hear why.
#include "agent/engine/core.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::engine {

namespace {

// Whole seconds a caller should wait; never 0, never too few.
std::chrono::seconds seconds_until(MonoTime time, MonoTime now) {
  return std::max(std::chrono::ceil<std::chrono::seconds>(time - now), std::chrono::seconds(1));
}

}  // namespace

Core::EndpointPtr Core::endpoint_of(EndpointId id) const {
  const auto found = endpoints_by_id_.find(id);
  return found == endpoints_by_id_.end() ? nullptr : found->second;
}

// `let_in`: the server looked at who we are, and went on.
void Core::learn_outcome(const Job& job, const Error* failure, bool let_in, Now now) {
  Endpoint& endpoint = *job.endpoint;
  if (stopping_ || !endpoint.uses_backoff() || endpoint_of(endpoint.id) == nullptr) {
    return;
  }
  const bool refused = failure != nullptr && causes_backoff(failure->reason);
  std::string with;
  if (refused) {
    with = fmt::format("{} ({}) for pool {} on endpoint {}: {}", to_string(failure->reason),
                       failure->code, job.question.pool.str(), endpoint.options.name,
                       failure->message);
  }
  if (refused && endpoint.backoff.refused(job.started, now.mono)) {
    endpoint.refused_with = with;
    endpoint.pardoned = false;
    const MonoTime until = *endpoint.backoff.until(now.mono);
    logger_.warn(
        "back-off",
        {{"endpoint", endpoint.options.name},
         {"pool", job.question.pool.str()},
         {"reason", std::string(to_string(failure->reason))},
         {"code", failure->code},
         {"duration", format_duration(std::chrono::ceil<std::chrono::seconds>(until - now.mono))}});
    backoff_changed(endpoint, now);
    refuse_waiting_jobs(endpoint, until, now);
  } else if (!refused && let_in) {
    // It began in the same moment as this run, or did not hold this endpoint up.
    const bool before =
        endpoint.backoff_until(now.mono) || endpoint.account->account.until(now.mono);
    endpoint.backoff.accepted(job.started);
    endpoint.account->account.accepted(job.started);
    if (before) {
      for (const Endpoint* other : endpoint.account->members) {
        backoff_changed(*other, now);
      }
    }
  }
  if (refused && is_refused_logon(*failure)) {
    account_refused(endpoint, job, with, now);
  }
}

void Core::account_refused(Endpoint& endpoint, const Job& job, const std::string& with, Now now) {
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
  shared.refused_with = with;
  const std::vector<Endpoint*>& all = shared.members;
  if (all.size() > 1) {
    logger_.warn("account refused by two endpoints in a row, all of its endpoints are left alone",
                 {{"endpoint", endpoint.options.name},
                  {"endpoints", std::to_string(all.size())},
                  {"duration",
                   format_duration(std::chrono::ceil<std::chrono::seconds>(*until - now.mono))}});
  }
  for (Endpoint* other : all) {
    other->pardoned = false;
    backoff_changed(*other, now);
    refuse_waiting_jobs(*other, *other->backoff_until(now.mono), now);
  }
}

// Every pool of the endpoint shows it, and the agenda knows its end.
void Core::backoff_changed(const Endpoint& endpoint, Now now) {
  const auto until = endpoint.backoff_until(now.mono);
  agenda_.set({AgendaKey::Kind::backoff_end, endpoint.id}, until);
  for (Pool* pool : endpoint.pools) {
    pool->knowledge.set_backoff(
        until ? std::optional(now.wall + std::chrono::ceil<Micros>(*until - now.mono))
              : std::nullopt);
  }
  dirty_ = true;
}

// What still waits would ask the server that is to be left alone.
void Core::refuse_waiting_jobs(const Endpoint& endpoint, MonoTime until, Now now) {
  for (Pool* pool : endpoint.pools) {
    for (const JobPtr& job : std::vector<JobPtr>(pool->jobs)) {
      if (!job->is_waiting()) {
        continue;
      }
      for (const WaiterId id : std::vector<WaiterId>(job->waiters)) {
        const Waiter waiter = take_waiter(id);
        status::Refusal refusal = backoff_refusal(endpoint, until, now);
        refuse(waiter.callback, std::move(refusal.error), refusal.retry_after, last_known(*job));
      }
      forget(job);
      if (job->drives_activity()) {
        attempted(*pool);
        pool->activity.finished(now.mono);
        plan(*pool);
      }
    }
  }
}

status::Refusal Core::backoff_refusal(const Endpoint& endpoint, MonoTime until, Now now) {
  const std::chrono::seconds wait = seconds_until(until, now.mono);
  const bool own = endpoint.backoff.until(now.mono) == until;
  return {
      Error{Reason::throttled, "engine.backoff",
            fmt::format("endpoint {} is left alone for {} s after {}", endpoint.options.name,
                        wait.count(), own ? endpoint.refused_with : endpoint.account->refused_with),
            "repair the cause; a new password in its file ends it at once, and so does a reload "
            "that changes the settings of the endpoint or of its account",
            "", Stage::queue},
      wait,
      {}};
}

void Core::credentials_changed(EndpointId id, std::uint64_t secret) {
  const EndpointPtr endpoint = endpoint_of(id);
  if (endpoint == nullptr || stopping_) {
    return;
  }
  const Now now = clock_.now();
  logger_.info("credentials changed", {{"endpoint", endpoint->options.name}});
  SharedAccount& shared = *endpoint->account;
  // The others tell the same password a moment later: what it led to meanwhile stays learned.
  const bool news = shared.secret != secret;
  std::vector<std::pair<Endpoint*, bool>> all;  // and whether it was left alone
  for (Endpoint* each : news ? shared.members : std::vector{endpoint.get()}) {
    all.emplace_back(each, each->backoff_until(now.mono).has_value());
  }
  endpoint->backoff.end(now.mono);
  if (news) {
    shared.secret = secret;
    shared.account.end(now.mono);
    shared.end_trials();
  }
  for (const auto& [each, rested] : all) {
    if (rested) {
      backoff_changed(*each, now);
    }
    if (!started_ || each->backoff_until(now.mono)) {
      continue;
    }
    for (Pool* pool : each->pools) {
      if (rested || (each == endpoint.get() && pool->last_failure)) {
        pool->activity.schedule(now.mono);
        plan(*pool);
      }
    }
  }
  dispatch(endpoint);
  flush();
}

}  // namespace sfb::engine
