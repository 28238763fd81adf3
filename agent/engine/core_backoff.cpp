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
  const auto found =
      std::ranges::find_if(endpoints_, [&](const auto& entry) { return entry.second->id == id; });
  return found == endpoints_.end() ? nullptr : found->second;
}

// `answered`: objects or PowerShell errors came, so the server let us in.
void Core::learn_outcome(const Job& job, std::optional<Reason> failure, bool answered, Now now) {
  Endpoint& endpoint = *job.endpoint;
  if (stopping_ || !endpoint.uses_backoff() || endpoint_of(endpoint.id) == nullptr) {
    return;
  }
  const bool refused = failure && causes_backoff(*failure);
  if (refused && endpoint.backoff.refused(*failure, job.started, now.mono)) {
    const MonoTime until = *endpoint.backoff.until(now.mono);
    logger_.warn(
        "back-off",
        {{"endpoint", endpoint.options.name},
         {"pool", job.question.pool.str()},
         {"reason", std::string(to_string(*failure))},
         {"duration", format_duration(std::chrono::ceil<std::chrono::seconds>(until - now.mono))}});
    backoff_changed(endpoint, now);
    refuse_waiting_jobs(endpoint, until, now);
  } else if (!refused && answered) {
    const bool ended = endpoint.backoff.until(now.mono).has_value();
    endpoint.backoff.accepted(job.started);
    if (ended) {
      backoff_changed(endpoint, now);
    }
  }
}

// Every pool of the endpoint shows it, and the agenda knows its end.
void Core::backoff_changed(const Endpoint& endpoint, Now now) {
  const auto until = endpoint.backoff_until(now.mono);
  agenda_.set({AgendaKey::Kind::backoff_end, endpoint.id}, until);
  for (const auto& [fqdn, pool] : pools_) {
    if (pool->endpoint.get() == &endpoint) {
      pool->knowledge.set_backoff(
          until ? std::optional(now.wall + std::chrono::ceil<Micros>(*until - now.mono))
                : std::nullopt);
    }
  }
  dirty_ = true;
}

// What still waits would ask the server that is to be left alone.
void Core::refuse_waiting_jobs(const Endpoint& endpoint, MonoTime until, Now now) {
  for (const auto& [fqdn, pool] : pools_) {
    if (pool->endpoint.get() != &endpoint) {
      continue;
    }
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
      if (job->question.is_scheduled()) {
        attempted(*pool);
        pool->activity.finished(now.mono);
        plan(*pool);
      }
    }
  }
}

status::Refusal Core::backoff_refusal(const Endpoint& endpoint, MonoTime until, Now now) {
  const std::chrono::seconds wait = seconds_until(until, now.mono);
  const auto why = endpoint.backoff.reason();
  return {Error{Reason::throttled, "engine.backoff",
                fmt::format("endpoint {} is left alone for {} s{}", endpoint.options.name,
                            wait.count(), why ? fmt::format(" after `{}`", to_string(*why)) : ""),
                "repair the cause; a new password in its file or a reload ends it at once", "",
                Stage::queue},
          wait,
          {}};
}

void Core::credentials_changed(EndpointId id) {
  const EndpointPtr endpoint = endpoint_of(id);
  if (endpoint == nullptr || stopping_) {
    return;
  }
  const Now now = clock_.now();
  const bool was_backing_off = endpoint->backoff_until(now.mono).has_value();
  logger_.info("credentials changed", {{"endpoint", endpoint->options.name}});
  endpoint->backoff.end(now.mono);
  backoff_changed(*endpoint, now);
  for (const auto& [fqdn, pool] : pools_) {
    if (started_ && pool->endpoint == endpoint && (was_backing_off || pool->last_failure)) {
      pool->activity.schedule(now.mono);
      plan(*pool);
    }
  }
}

}  // namespace sfb::engine
