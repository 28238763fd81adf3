// Leaving a server alone that refused us: one endpoint's back-off, shared by its pools because they
// share the account that could be locked (design.md 5.2). Pure; time comes in as an argument.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace sfb::engine {

/// Steps of the back-off; the last one repeats.
inline constexpr std::array kBackoffSteps = {std::chrono::minutes(1), std::chrono::minutes(2),
                                             std::chrono::minutes(5), std::chrono::minutes(10)};

/// Authentication failure, access denied and quota: trying again soon could lock an account.
bool causes_backoff(Reason reason);

/// Thread rule: one thread.
class Backoff {
 public:
  // `started` is when the run began. One that began before the last refusal or the last `end` says
  // nothing about what comes after it, and changes nothing.

  /// A run failed in a way that causes back-off. True when that began a step; runs that failed
  /// together are one step.
  bool refused(Reason reason, MonoTime started, MonoTime now);
  /// The server answered: it lets us in.
  void accepted(MonoTime started);
  /// A reload or a new secret: try again, from the first step.
  void end(MonoTime now);

  /// Absent when there is none or it is over.
  std::optional<MonoTime> until(MonoTime now) const;
  /// Why it began.
  std::optional<Reason> reason() const { return reason_; }
  /// The server has not let anybody in since the start, the last refusal or the last `end`: one run
  /// at a time, so that a wrong password costs one logon and not one for each pool.
  bool on_trial() const { return !accepted_; }

 private:
  bool accepted_ = false;
  std::size_t step_ = 0;
  std::optional<MonoTime> since_;  ///< the last refusal or `end`
  std::optional<MonoTime> until_;
  std::optional<Reason> reason_;
};

}  // namespace sfb::engine
