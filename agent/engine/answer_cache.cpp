// The last answers of one pool.
#include "agent/engine/answer_cache.hpp"

#include <algorithm>
#include <iterator>

namespace sfb::engine {

void AnswerCache::add(const status::EvaluationPtr& evaluation, MonoTime now) {
  auto entry = std::ranges::find(entries_, evaluation->question, &Entry::question);
  if (entry == entries_.end()) {
    entries_.push_front(Entry{evaluation->question});
  } else {
    entries_.splice(entries_.begin(), entries_, entry);
  }
  Entry& newest = entries_.front();
  newest.completed = evaluation;
  newest.completed_at = now;
  if (evaluation->conclusive()) {
    newest.good = evaluation;
  }
  if (entries_.size() > kMaxQuestions) {
    auto oldest = std::prev(entries_.end());
    if (oldest->question.is_scheduled()) {
      --oldest;
    }
    entries_.erase(oldest);
  }
}

const AnswerCache::Entry* AnswerCache::find(const status::Question& question) const {
  const auto entry = std::ranges::find(entries_, question, &Entry::question);
  return entry == entries_.end() ? nullptr : &*entry;
}

std::optional<MonoTime> AnswerCache::last_answer() const {
  return entries_.empty() ? std::nullopt : std::optional(entries_.front().completed_at);
}

}  // namespace sfb::engine
