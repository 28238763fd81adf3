// The last answers of one pool.
#include "agent/engine/answer_cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfb::engine {

AnswerCache::Entry& AnswerCache::to_front(const status::Question& question) {
  const auto entry = std::ranges::find(entries_, question, &Entry::question);
  if (entry == entries_.end()) {
    entries_.push_front(Entry{question});
  } else {
    entries_.splice(entries_.begin(), entries_, entry);
  }
  return entries_.front();
}

void AnswerCache::forget_oldest() {
  if (entries_.size() <= kMaxQuestions) {
    return;
  }
  auto oldest = std::prev(entries_.end());
  if (oldest->question.is_scheduled()) {
    --oldest;
  }
  entries_.erase(oldest);
}

void AnswerCache::restore(status::EvaluationPtr good) {
  Entry& entry = to_front(good->question);
  entry.good = std::move(good);
}

void AnswerCache::add(const status::EvaluationPtr& evaluation, MonoTime now) {
  Entry& newest = to_front(evaluation->question);
  newest.completed = evaluation;
  newest.completed_at = now;
  if (evaluation->conclusive()) {
    newest.good = evaluation;
  }
  forget_oldest();
}

void AnswerCache::cancelled(const status::Question& question, MonoTime now) {
  Entry& newest = to_front(question);
  newest.cancelled_before = std::exchange(newest.cancelled_at, now);
  forget_oldest();
}

const AnswerCache::Entry* AnswerCache::find(const status::Question& question) const {
  const auto entry = std::ranges::find(entries_, question, &Entry::question);
  return entry == entries_.end() ? nullptr : &*entry;
}

std::optional<MonoTime> AnswerCache::last_end() const {
  if (entries_.empty()) {
    return std::nullopt;
  }
  const Entry& newest = entries_.front();
  return newest.completed ? std::max(newest.completed_at, newest.cancelled_at.value_or(MonoTime{}))
                          : newest.cancelled_at;
}

}  // namespace sfb::engine
