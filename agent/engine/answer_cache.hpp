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
    status::EvaluationPtr completed = {};  ///< the last one, good or failed; may be null
    status::EvaluationPtr good = {};       ///< the last conclusive one
    MonoTime completed_at{};
    /// When runs of it were last ended because nobody waited any more: the last, and the one
    /// before.
    std::optional<MonoTime> cancelled_at = {};
    std::optional<MonoTime> cancelled_before = {};

    /// The last one that is known, whatever became of it; may be null.
    const status::EvaluationPtr& latest() const { return completed ? completed : good; }
  };

  /// A good answer of an earlier process, before any other. It serves those who take its age, and
  /// keeps nobody from asking anew.
  void restore(status::EvaluationPtr good);
  void add(const status::EvaluationPtr& evaluation, MonoTime now);
  /// A run of it had begun and was ended without an answer: the server was asked all the same.
  void cancelled(const status::Question& question, MonoTime now);
  /// nullptr when an equal question was not answered or is forgotten.
  const Entry* find(const status::Question& question) const;
  /// When the last run of any question ended, with an answer or cancelled; absent before the first.
  std::optional<MonoTime> last_end() const;
  std::size_t size() const { return entries_.size(); }

 private:
  Entry& to_front(const status::Question& question);
  void forget_oldest();

  std::list<Entry> entries_;  ///< newest first
};

}  // namespace sfb::engine
