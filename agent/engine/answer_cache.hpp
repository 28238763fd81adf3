// The last answers of one pool, per question, bounded. Pure.
#pragma once

#include "agent/status/evaluation.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>

namespace sfb::engine {

/// Thread rule: one thread.
class AnswerCache {
 public:
  /// Distinct questions remembered; beyond, the one answered longest ago is forgotten, but never
  /// the scheduled one. As many as the pool's status has (4 categories, Force or not,
  /// BypassDualWrite true, false or not given), so that each of them keeps its least interval.
  static constexpr std::size_t kMaxQuestions = 24;

  /// What is known about one question.
  struct Entry {
    status::Question question;
    status::EvaluationPtr completed = {};  ///< the last one, good or failed
    status::EvaluationPtr good = {};       ///< the last conclusive one
    MonoTime completed_at{};
  };

  void add(const status::EvaluationPtr& evaluation, MonoTime now);
  /// nullptr when an equal question was not answered or is forgotten.
  const Entry* find(const status::Question& question) const;
  /// When the last answer to any question came; absent before the first.
  std::optional<MonoTime> last_answer() const;
  std::size_t size() const { return entries_.size(); }

 private:
  std::list<Entry> entries_;  ///< newest first
};

}  // namespace sfb::engine
