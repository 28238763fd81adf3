// The objects of answers that stay in memory when everybody has been told: bounded over all pools.
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/limits.hpp"
#include "agent/remote/reply.hpp"
#include "agent/status/evaluation.hpp"
#include "agent/value/packed.hpp"

#include <memory>

namespace sfb::engine {

/// Each pool remembers up to 25 answers, packed, of up to 4 x limits.object each. The schedule's
/// answers may take 4 x limits.in_flight together, those that only callers asked for 1 x. Thread
/// rule: one thread; what is held may go on any.
class KeptObjects {
 public:
  /// The same objects, counted until the last owner lets them go; nullptr where there is no room.
  /// Other limits than before take effect for what comes from then on.
  PackedPtr hold(PackedPtr objects, bool scheduled, const Limits& limits);
  /// Those of a reply, in place. False where there is no room; it stays as it is then.
  bool hold(Result<remote::Reply>& reply, bool scheduled, const Limits& limits);

 private:
  std::shared_ptr<ByteBudget> scheduled_;
  std::shared_ptr<ByteBudget> asked_;
};

/// What is remembered of an evaluation whose objects had no room: all but these, and a note
/// (`engine.not_kept`) unless it has one.
status::EvaluationPtr without_objects(const status::Evaluation& evaluation);

/// A caller can be answered with it: it failed, or its objects are there.
bool can_be_shown(const status::EvaluationPtr& evaluation);

}  // namespace sfb::engine
