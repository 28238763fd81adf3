// The history's rings.
#include "agent/status/history.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace sfb::status {

namespace {

constexpr std::size_t kMessageLimit = 500;

std::string cut(std::string_view text) {
  return std::string(cut_utf8(text, kMessageLimit));
}

void tell(HistoryEntry& entry, const Error& error) {
  entry.reason = to_string(error.reason);
  entry.code = error.code;
  entry.stage = to_string(error.stage);
  entry.message = cut(describe(error));
  entry.remedy = error.remedy;
}

void push(std::deque<HistoryEntry>& ring, HistoryEntry entry, std::size_t limit) {
  ring.push_front(std::move(entry));
  while (ring.size() > limit) {
    ring.pop_back();
  }
}

}  // namespace

void History::add(const Evaluation& evaluation, bool scheduled) {
  HistoryEntry entry;
  entry.id = evaluation.id;
  entry.time = evaluation.finished;
  entry.evaluated_at = evaluation.evaluated_at;
  entry.trigger = evaluation.trigger;
  entry.question = collectors::parameters_text(evaluation.question);
  entry.duration = evaluation.duration;
  entry.good = evaluation.good();
  entry.request_id = evaluation.request_id;
  if (evaluation.error) {
    tell(entry, *evaluation.error);
  } else {
    entry.code = evaluation.note.code;
    entry.remedy = evaluation.note.remedy;
    const std::string odd =
        evaluation.finding ? evaluation.question.what->oddities(*evaluation.finding) : "";
    const bool both = !evaluation.note.empty() && !odd.empty();
    entry.message = cut(evaluation.note.message + (both ? "; " : "") + odd);
  }
  Rings& rings = scheduled ? scheduled_ : asked_;
  auto& ring = entry.good ? rings.good : rings.failed;
  push(ring, std::move(entry), limit_);
}

void History::skip(std::uint64_t id, const Question& question, const Error& why, WallTime now) {
  HistoryEntry entry;
  entry.id = id;
  entry.time = now;
  entry.evaluated_at = now;
  entry.question = collectors::parameters_text(question);
  entry.skipped = true;
  tell(entry, why);
  push(skipped_, std::move(entry), limit_);
}

std::vector<HistoryEntry> History::newest_first() const {
  std::vector<HistoryEntry> merged;
  for (const auto* ring :
       {&scheduled_.good, &scheduled_.failed, &asked_.good, &asked_.failed, &skipped_}) {
    merged.insert(merged.end(), ring->begin(), ring->end());
  }
  // By number, not by time: the wall clock may have been set back in between.
  std::ranges::sort(merged, std::ranges::greater{}, &HistoryEntry::id);
  return merged;
}

}  // namespace sfb::status
