// Leaving servers alone that refused us: one endpoint's back-off, shared by its pools, and what is
// known of an account that several endpoints use, which could be locked (README.md). Pure; time
// comes in as an argument.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace sfb::engine {

/// Steps of the back-off; the last one repeats.
inline constexpr std::array kBackoffSteps = {std::chrono::minutes(1), std::chrono::minutes(2),
                                             std::chrono::minutes(5), std::chrono::minutes(10)};

/// Authentication failure, access denied and quota: trying again soon could lock an account.
bool causes_backoff(Reason reason);
/// Those, and a server that says how long it wants to be left alone.
bool causes_backoff(const Error& error);

/// Thread rule: one thread.
class Backoff {
 public:
  // `started` is when the run began. One that began before the last refusal or the last `end` says
  // nothing about what comes after it, and changes nothing.

  /// A run failed with a reason that causes back-off. True when that began a step, which lasts
  /// `at_least` so long; runs that failed together are one step.
  bool refused(MonoTime started, MonoTime now, std::chrono::seconds at_least = {});
  /// It failed with another reason, and the server wants to be left alone so long: no step.
  bool asked_to_wait(MonoTime started, MonoTime now, std::chrono::seconds wait);
  /// The server answered: it lets us in.
  void accepted(MonoTime started);
  /// Other settings or a new secret: try again, from the first step.
  void end(MonoTime now);

  /// Absent when there is none or it is over.
  std::optional<MonoTime> until(MonoTime now) const;
  /// The server has not let anybody in since the start, the last refusal or the last `end`: one run
  /// at a time, so that a wrong password costs one logon and not one for each pool.
  bool on_trial() const { return !accepted_; }

 private:
  bool leave_alone(MonoTime started, MonoTime now, std::chrono::seconds wait);

  bool accepted_ = false;
  std::size_t step_ = 0;
  std::optional<MonoTime> since_;  ///< the last refusal or `end`
  std::optional<MonoTime> until_;
};

/// The server looked at user name and password and said no: such failures lock accounts.
bool is_refused_logon(const Error& error);

/// An account and the endpoints that log on with it. Until one of them lets us in, few are asked at
/// once. A refusal at one endpoint may be that server's affair (a local account), so the others go
/// on, one at a time, until one of them lets us in. Refusals of two endpoints in a row are the
/// password's: then all are left alone. Thread rule: one thread.
class Account {
 public:
  // `started` as above.

  /// False when that says nothing.
  bool refused(std::uint64_t endpoint, MonoTime started, MonoTime now);
  void accepted(MonoTime started);
  /// A new secret.
  void end(MonoTime now);

  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  /// How many runs that began since the last `end` may be under way at once over all its endpoints.
  std::size_t most_at_once() const;
  /// A run whose server has said neither yes nor no this long after its beginning keeps nobody
  /// waiting any more: servers refuse at once, dead ones never. After a refusal it is longer.
  std::chrono::seconds patience() const { return std::chrono::seconds(doubted_by_ ? 5 : 2); }
  /// For so many at the same time; a slow domain controller must not cost a logon every moment.
  static constexpr std::size_t kMostSilent = 4;
  /// All endpoints are left alone until then.
  std::optional<MonoTime> until(MonoTime now) const { return backoff_.until(now); }

 private:
  bool accepted_ = false;
  std::optional<std::uint64_t> doubted_by_;  ///< the endpoint whose refusal was the last word
  bool in_a_row_ = false;                    ///< another endpoint's refusal followed
  std::optional<MonoTime> since_;            ///< the last refusal or `end`
  Backoff backoff_;
};

}  // namespace sfb::engine
