#include "agent/engine/pool.hpp"

#include "collectors/cmdlet_error.hpp"

#include <algorithm>

namespace sfb::engine {

PoolKey key_of(const Fqdn& pool, const collectors::Collector& what) {
  const auto all = collectors::all();
  return {pool, static_cast<std::size_t>(std::ranges::find(all, &what) - all.begin())};
}

JobPtr Pool::live_job(const status::Question& question, TextForm render) const {
  const auto found = std::ranges::find_if(
      jobs, [&](const JobPtr& job) { return job->is_live() && job->same(question, render); });
  return found == jobs.end() ? nullptr : *found;
}

bool Pool::is_evaluating() const {
  return std::ranges::any_of(jobs, [](const JobPtr& job) {
    return job->phase == Job::Phase::running && job->question.is_scheduled();
  });
}

void Pool::note_session(const status::Evaluation& evaluation, std::uint64_t session,
                        const Logger& logger) {
  if (session == 0) {
    return;
  }
  endpoint->session = std::max(endpoint->session.value_or(0), session);
  if (is_status() || !options.scheduled) {
    return;
  }
  const bool unknown = evaluation.error && evaluation.error->code == collectors::kNotFound;
  if (unknown && !unknown_in) {
    logger.log(LogLevel::warn, "collector is off until the next session",
               who_and(evaluation.question, {{"code", evaluation.error->code},
                                             {"message", describe(*evaluation.error)}}));
  }
  unknown_in = unknown ? std::optional(session) : std::nullopt;
}

}  // namespace sfb::engine
