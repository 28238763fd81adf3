// What one collector knows about one pool: the pure state machine none -> fresh -> stale, its
// timestamps and counters (agent/engine/README.md).
#pragma once

#include "agent/base/common_text.hpp"
#include "agent/base/limits.hpp"
#include "agent/status/evaluation.hpp"
#include "agent/status/keeper.hpp"
#include "agent/status/saved_knowledge.hpp"
#include "collectors/collector.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::status {

/// A pool as configured, as far as metrics and pages show it.
struct PoolIdentity {
  Fqdn fqdn;
  CommonText paired_pool;
  CommonText site;
  CommonText deployment;
  CommonText endpoint;
  CommonText transport;
  collectors::Expectation expectation;
  std::chrono::milliseconds interval{0};  ///< of evaluations, as configured
  std::chrono::milliseconds stale_after{0};
  std::optional<std::chrono::milliseconds> file_max_age = {};  ///< of `file` and `push`

  collectors::Facts facts() const { return {fqdn, expectation}; }
  /// `a/b`, the same at both pools of a pair.
  std::string pair() const;
};

enum class Freshness : std::uint8_t { none, fresh, stale };

/// Everything metrics and pages say about one pool, as far as one collector asks, at one moment.
/// Immutable; readable from any thread.
struct PoolSnapshot {
  PoolIdentity identity;
  const collectors::Collector* what = &collectors::pool_status();
  Freshness freshness = Freshness::none;  ///< at the moment the snapshot was taken
  std::optional<bool> up = {};            ///< absent before the first completed evaluation
  collectors::ViewPtr view = {};          ///< what the collector's metrics show; never null
  std::uint64_t evaluations = 0;
  std::uint64_t overruns = 0;
  std::array<std::uint64_t, kReasons.size()> failures{};
  bool running = false;
  std::optional<WallTime> backoff_until = {};
  std::optional<Reason> backoff_reason = {};  ///< of the failure behind it; throttled: a quota
  std::optional<WallTime> last_evaluation = {};
  std::optional<std::chrono::nanoseconds> last_duration = {};
  std::optional<WallTime> last_success = {};   ///< of last_good
  EvaluationPtr last_good = {};                ///< the scheduled question's last conclusive one
  EvaluationPtr last_completed = {};           ///< likewise, good or failed
  std::optional<WallTime> failing_since = {};  ///< of the first failure since the last good answer
  std::uint64_t failures_in_row = 0;           ///< since then
  /// Why the last evaluation failed, also one of an earlier process; null where it was good.
  std::shared_ptr<const Error> failure = {};
  std::optional<MonoTime> next_due = {};  ///< when the schedule looks at the pool next
};

using PoolSnapshotPtr = std::shared_ptr<const PoolSnapshot>;

/// The machine. Pure: time comes in as an argument. Thread rule: one thread.
class Knowledge {
 public:
  Knowledge(PoolIdentity identity, const collectors::Collector& what, const Limits& limits);

  /// A scheduled question's evaluation ended (cancelled ones are not reported here).
  void completed(EvaluationPtr evaluation);
  void set_running(bool running);
  void overrun();
  void set_next_due(std::optional<MonoTime> due);
  /// `reason`: of the failure that began it.
  void set_backoff(std::optional<WallTime> until, std::optional<Reason> reason);
  /// For the state; `KeptPool::source` is the caller's.
  KeptPool keep(Now now) const;
  /// At a start, before anything else: what `keep` gave in an earlier process. `good` is the last
  /// conclusive answer with its true age, null where it is not known any more; `up` stays absent.
  /// No time that comes back lies ahead of `now`. False: `memory` is of no use, so that its times
  /// start anew.
  bool restore(const SavedKnowledge& saved, std::string_view memory, EvaluationPtr good, Now now);
  /// Settings that do not change the pool's identity (site, interval, expectation): the knowledge
  /// stays, the verdict is judged anew. Limits count from the next answer on.
  void reconfigure(PoolIdentity identity, const Limits& limits);

  /// The last conclusive answer to the scheduled question; null: there is none.
  const EvaluationPtr& last_good() const { return current_->last_good; }
  Freshness freshness(Now now) const;
  /// When the next change by time alone happens (fresh -> stale, or the collector's view); absent
  /// when none will.
  std::optional<MonoTime> next_change(Now now) const;
  /// Immutable; the same pointer until something changed.
  PoolSnapshotPtr snapshot(Now now);

 private:
  /// What is known, to be changed: a copy where the present one was given out.
  PoolSnapshot& edit();

  std::shared_ptr<PoolSnapshot> current_;  ///< never null
  bool told_ = false;                      ///< it was given out as it is: immutable from then on
  std::unique_ptr<collectors::Memory> memory_;
  std::optional<MonoTime> view_ends_;  ///< when the view changes by time alone
};

}  // namespace sfb::status
