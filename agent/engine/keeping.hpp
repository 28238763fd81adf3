// What of the pools outlives the process: brought back at the start, kept with each piece of news.
#pragma once

#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/engine/kept_objects.hpp"
#include "agent/engine/pool.hpp"
#include "agent/status/keeper.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sfb::engine {

/// The objects of an answer as text, for KeptPool::good. Any thread. Errors of
/// remote::write_export, and `engine.not_kept` where there are none any more.
Result<std::string> write_answer(const status::Evaluation& evaluation, const Limits& limits);

/// Only what the schedule asks is kept. Thread rule: one thread.
class Keeping {
 public:
  /// `keeper` may be null: then nothing is kept. It outlives this object.
  Keeping(status::Keeper* keeper, Logger logger) : keeper_(keeper), logger_(std::move(logger)) {}

  /// Where evaluations count on from.
  std::uint64_t last_id() const { return keeper_ == nullptr ? 0 : keeper_->last_id(); }
  /// A new pool, before anything else is told of it.
  void recall(Pool& pool, const Limits& limits, KeptObjects& objects, Now now);
  /// The pools of the first configuration have been recalled: what is left is of none of them, and
  /// stays until the retention ends.
  void settle();
  /// What is known of it changed.
  void changed(const Pool& pool, Now now);
  void add(const Pool& pool, const status::HistoryEntry& entry);
  /// It is not asked any more, or at an endpoint that is the same under another name.
  void leave(const Pool& pool, Now now);
  /// It starts anew with another source.
  void forget(const Pool& pool);
  /// Pools that a reload took away: the log says what becomes of their states.
  void tell_removed(const std::vector<std::string>& pools) const;

 private:
  status::Keeper* keeper_;
  Logger logger_;
};

}  // namespace sfb::engine
