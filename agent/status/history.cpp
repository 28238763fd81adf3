// The history's rings.
#include "agent/status/history.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <functional>

namespace sfb::status {

namespace {

constexpr std::size_t kMessageLimit = 500;

std::string cut(std::string_view text) {
  return std::string(cut_utf8(text, kMessageLimit));
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
    entry.reason = to_string(evaluation.error->reason);
    entry.code = evaluation.error->code;
    entry.stage = to_string(evaluation.error->stage);
    entry.message = cut(describe(*evaluation.error));
    entry.remedy = evaluation.error->remedy;
  } else {
    entry.code = evaluation.note;
    entry.message =
        evaluation.finding ? cut(evaluation.question.what->oddities(*evaluation.finding)) : "";
  }
  Rings& rings = scheduled ? scheduled_ : asked_;
  auto& ring = entry.good ? rings.good : rings.failed;
  ring.push_front(std::move(entry));
  while (ring.size() > limit_) {
    ring.pop_back();
  }
}

std::vector<HistoryEntry> History::newest_first() const {
  std::vector<HistoryEntry> merged;
  for (const auto* ring : {&scheduled_.good, &scheduled_.failed, &asked_.good, &asked_.failed}) {
    merged.insert(merged.end(), ring->begin(), ring->end());
  }
  // By number, not by time: the wall clock may have been set back in between.
  std::ranges::sort(merged, std::ranges::greater{}, &HistoryEntry::id);
  return merged;
}

}  // namespace sfb::status
