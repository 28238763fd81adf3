// When a pool is evaluated: the pure state machine idle -> queued -> running -> idle, with drain
// (README.md). Its endpoint's back-off (backoff.hpp) comes in as an argument, as time does.
#pragma once

#include "agent/base/fqdn.hpp"
#include "agent/base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace sfb::engine {

/// A pool's place in the interval, 0 <= x < 1: a hash of its name, the same on every start.
double spread_of(const Fqdn& pool);

/// The first cycle is spread over min(interval, this), so that readiness comes soon.
inline constexpr std::chrono::seconds kFirstSpread{10};
/// Early runs of one pool (content changed) are at least this far apart.
inline constexpr std::chrono::seconds kEarlyGap{1};
/// One pool's activity: about the scheduled question, whoever asked it. Thread rule: one thread.
class Activity {
 public:
  enum class Phase : std::uint8_t { idle, queued, running, stopped };

  /// What a due moment asks for.
  enum class Due : std::uint8_t {
    nothing,  ///< not due
    start,    ///< begin a run
    adopt,    ///< a run that a query began serves this moment too
    overrun,  ///< the run of an earlier moment is not over: count it, start nothing
    skipped,  ///< back-off: leave the server alone
  };

  /// An interval below 1 ms counts as 1 ms; `spread` as from spread_of.
  Activity(std::chrono::nanoseconds interval, double spread)
      : interval_(at_least_a_tick(interval)), spread_(spread) {}

  /// Begins the schedule: soon, then on the pool's own grid of the interval. Again after a reload
  /// that makes a new start necessary.
  void schedule(MonoTime now);
  /// Another interval: the grid is laid anew, nothing runs early.
  void set_interval(std::chrono::nanoseconds interval, MonoTime now);
  /// The next moment `due` has something to say; absent before `schedule` and after `drain`.
  std::optional<MonoTime> next_due() const;
  /// Call when next_due has come. Missed moments count once: after a pause nothing is made up for.
  /// `left_alone`: the endpoint's server is in back-off.
  Due due(MonoTime now, bool left_alone = false);
  /// New content may be there: an early run, at most one per kEarlyGap; while running, one after
  /// it.
  void nudge(MonoTime now);

  /// idle -> queued, after Due::start or because a query asks the scheduled question.
  void queued();
  /// queued -> running.
  void started();
  /// queued or running -> idle.
  void finished(MonoTime now);

  /// Nothing starts any more. Final.
  void drain();
  Phase phase() const { return phase_; }

 private:
  static std::chrono::nanoseconds at_least_a_tick(std::chrono::nanoseconds interval) {
    return interval < std::chrono::milliseconds(1) ? std::chrono::milliseconds(1) : interval;
  }
  void next_slot_after(MonoTime time);

  std::chrono::nanoseconds interval_;
  double spread_;
  Phase phase_ = Phase::idle;
  bool for_slot_ = false;  ///< the present run serves a moment of the grid
  bool again_ = false;     ///< nudged while running
  MonoTime grid_{};        ///< origin of the pool's slots
  std::optional<MonoTime> slot_;
  std::optional<MonoTime> early_;
  std::optional<MonoTime> last_early_;
};

}  // namespace sfb::engine
