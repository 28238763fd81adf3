// A pool of the present configuration: what is known of it, when it is due, what runs for it.
#pragma once

#include "agent/engine/activity.hpp"
#include "agent/engine/answer_cache.hpp"
#include "agent/engine/job.hpp"
#include "agent/engine/pool_log.hpp"
#include "agent/status/history.hpp"
#include "agent/status/knowledge.hpp"

#include <cstdint>
#include <vector>

namespace sfb::engine {

struct Pool {
  PoolOptions options;
  std::uint64_t generation;  ///< never used twice: results of another one are late
  EndpointPtr endpoint;
  status::Knowledge knowledge;
  status::History history;
  Activity activity;
  AnswerCache cache;
  PoolLog log;
  std::vector<JobPtr> jobs;
  bool awaited = false;  ///< of the first cycle, not attempted yet

  const Fqdn& fqdn() const { return options.identity.fqdn; }
  /// A run of this question whose result somebody may still want, or nullptr.
  JobPtr live_job(const status::Question& question, int render_width = 0) const;
  /// A run of the scheduled question is under way.
  bool is_evaluating() const;
};

}  // namespace sfb::engine
