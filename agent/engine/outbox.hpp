// Calls out of the core, kept until its own state is consistent.
#pragma once

#include "agent/status/evaluation.hpp"

#include <deque>
#include <functional>

namespace sfb::engine {

/// Thread rule: one thread. Calls may post others and flush.
class Outbox {
 public:
  void post(std::function<void()> call) { calls_.push_back(std::move(call)); }
  void answer(const status::AnswerCallback& callback, status::Answer answer);
  void refuse(const status::AnswerCallback& callback, status::Refusal refusal);
  /// Makes all calls, in order; nothing when a call of it is under way.
  void flush();

 private:
  std::deque<std::function<void()>> calls_;
  bool flushing_ = false;
};

}  // namespace sfb::engine
