// A pool of the present configuration as one collector asks: what is known, when it is due, what
// runs for it.
#pragma once

#include "agent/engine/activity.hpp"
#include "agent/engine/answer_cache.hpp"
#include "agent/engine/job.hpp"
#include "agent/engine/pool_log.hpp"
#include "agent/status/history.hpp"
#include "agent/status/knowledge.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace sfb::engine {

/// A pool and the place of a collector in collectors::all(): the order of pages and log.
using PoolKey = std::pair<Fqdn, std::size_t>;
PoolKey key_of(const Fqdn& pool, const collectors::Collector& what);

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
  // Of Pools: where snapshots show it, and that it changed since the last one.
  std::size_t place = 0;
  bool changed = false;
  /// The end of the back-off that the history tells of.
  std::optional<MonoTime> told_backoff = {};
  /// The session (remote::Reply::session) that does not know the cmdlet: the schedule leaves this
  /// collector out until a newer session answers at the endpoint.
  std::optional<std::uint64_t> unknown_in = {};

  const Fqdn& fqdn() const { return options.identity.fqdn; }
  const collectors::Collector& what() const { return *options.what; }
  bool is_status() const { return collectors::is_pool_status(*options.what); }
  /// The schedule asks nothing now.
  bool is_left_alone(MonoTime now) const {
    return endpoint->backoff_until(now).has_value() ||
           (unknown_in && endpoint->session <= unknown_in);
  }
  /// A run of this question whose result somebody may still want, or nullptr.
  JobPtr live_job(const status::Question& question, TextForm render = {}) const;
  /// A run of the scheduled question is under way.
  bool is_evaluating() const;
  /// A session that does not know the cmdlet of a collector beside the pool's status switches that
  /// collector off until another session answers; `session` is 0 where none did.
  void note_session(const status::Evaluation& evaluation, std::uint64_t session,
                    const Logger& logger);
};

}  // namespace sfb::engine
