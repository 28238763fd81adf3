#include "agent/engine/pool.hpp"

#include <algorithm>

namespace sfb::engine {

PoolKey key_of(const Fqdn& pool, const collectors::Collector& what) {
  const auto all = collectors::all();
  return {pool, static_cast<std::size_t>(std::ranges::find(all, &what) - all.begin())};
}

JobPtr Pool::live_job(const status::Question& question, int render_width) const {
  const auto found = std::ranges::find_if(
      jobs, [&](const JobPtr& job) { return job->is_live() && job->same(question, render_width); });
  return found == jobs.end() ? nullptr : *found;
}

bool Pool::is_evaluating() const {
  return std::ranges::any_of(jobs, [](const JobPtr& job) {
    return job->phase == Job::Phase::running && job->question.is_scheduled();
  });
}

}  // namespace sfb::engine
