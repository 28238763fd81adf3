// The pools of the present configuration, the first cycle of them all, and what pages read.
#pragma once

#include "agent/engine/agenda.hpp"
#include "agent/engine/endpoints.hpp"
#include "agent/engine/pool.hpp"
#include "agent/status/board.hpp"
#include "agent/status/common_lines.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace sfb::engine {

/// Thread rule: one thread.
class Pools {
 public:
  using ByName = std::map<PoolKey, std::unique_ptr<Pool>>;

  explicit Pools(Agenda& agenda) : agenda_(agenda) {}

  Pool& add(PoolOptions options, EndpointPtr endpoint, const Limits& limits, Now now);
  /// New settings for a pool whose endpoint stays. `freed`: its back-off ended with them.
  void keep(Pool& pool, PoolOptions options, const Limits& limits, bool freed, Now now);
  /// With its place in the schedule; its runs are the caller's affair.
  void remove(const Pool& pool);
  const ByName& by_name() const { return by_name_; }
  /// nullptr when it is not configured, or nobody asked for that collector there yet.
  Pool* find(const Fqdn& fqdn, const collectors::Collector& what = collectors::pool_status()) const;
  /// The pool under all collectors.
  std::vector<Pool*> all_of(const Fqdn& fqdn) const;
  /// nullptr when it has gone, or started anew.
  Pool* of_generation(std::uint64_t generation) const;
  Pool* of(const Job& job) const { return of_generation(job.generation); }
  /// The last completed answer to the job's question, or nullptr.
  status::EvaluationPtr last_known(const Job& job) const;

  /// Begins the schedule of all, and the first cycle.
  void start(Now now);
  bool started() const { return started_; }
  /// A pool had its share of the first cycle, whatever came of it.
  void attempted(Pool& pool);
  bool first_cycle_done(Now now) const;

  /// After whatever moved the pool's next due moment.
  void plan(Pool& pool);
  /// A run of the scheduled question began or ended.
  void running_changed(Pool& pool);
  /// Every pool of the endpoint tells how long it is left alone.
  void show_backoff(const Endpoint& endpoint, std::optional<MonoTime> until, Now now);
  /// After any other change to what the pool knows.
  void changed(Pool& pool);
  /// After an answer to a scheduled question. The snapshot before it goes: it holds the objects of
  /// the answer that was replaced.
  void answered(Pool& pool);
  /// Every pool may show something else: after a reload.
  void all_changed() { relist_ = true; }
  /// The times of a completed evaluation of the pool's status on schedule.
  void observe(const Pool& pool, const status::Evaluation& evaluation);
  /// Costs what changed since the last one.
  status::SnapshotPtr snapshot(const Endpoints::ByName& endpoints, Now now);
  /// Newest first; absent when the pool is not configured.
  std::optional<std::vector<status::HistoryEntry>> history(const Fqdn& fqdn) const;

 private:
  /// The last snapshot to be changed: no longer the one that was given out.
  status::Snapshot& edit();
  void show_changed(Now now);
  void show_all(Now now);
  status::PoolSnapshotPtr shown_now(Pool& pool, Now now);

  Agenda& agenda_;
  bool started_ = false;
  std::uint64_t generations_ = 0;
  ByName by_name_;
  std::shared_ptr<status::CommonLines> common_ = std::make_shared<status::CommonLines>();
  std::unordered_map<std::uint64_t, Pool*> by_generation_;
  std::size_t awaited_ = 0;  ///< of the first cycle, not attempted yet
  MonoTime first_cycle_deadline_{};

  status::DurationHistogram durations_;
  status::StageHistograms stages_;
  std::vector<Pool*> changed_;          ///< since then
  bool relist_ = true;                  ///< a pool came or went since then
  std::optional<MonoTime> changes_at_;  ///< some pool changes by time alone; never too late
  /// The last one, never null; once `edited_`, what the next one will be, with null for a pool that
  /// has another answer.
  std::shared_ptr<status::Snapshot> snapshot_ = std::make_shared<status::Snapshot>();
  bool edited_ = true;
};

}  // namespace sfb::engine
