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

}  // namespace

const HistoryEntry& History::push(HistoryEntry entry) {
  auto& ring = rings_.at(static_cast<std::size_t>(entry.ring));
  ring.push_front(std::move(entry));
  while (ring.size() > std::max<std::size_t>(limit_, 1)) {
    ring.pop_back();
  }
  return ring.front();
}

const HistoryEntry& History::add(const Evaluation& evaluation, bool scheduled) {
  HistoryEntry entry;
  entry.id = evaluation.id;
  entry.time = evaluation.finished;
  entry.evaluated_at = evaluation.evaluated_at;
  entry.trigger = evaluation.trigger;
  entry.question = collectors::parameters_text(evaluation.question);
  entry.duration = evaluation.duration;
  entry.good = evaluation.good();
  entry.request_id = evaluation.request_id;
  entry.front_end = evaluation.front_end;
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
  entry.ring = scheduled    ? entry.good ? HistoryRing::good : HistoryRing::failed
               : entry.good ? HistoryRing::asked_good
                            : HistoryRing::asked_failed;
  return push(std::move(entry));
}

const HistoryEntry& History::skip(std::uint64_t id, const Question& question, const Error& why,
                                  WallTime now) {
  HistoryEntry entry;
  entry.id = id;
  entry.time = now;
  entry.evaluated_at = now;
  entry.question = collectors::parameters_text(question);
  entry.ring = HistoryRing::skipped;
  entry.skipped = true;
  tell(entry, why);
  return push(std::move(entry));
}

void History::restore(std::vector<HistoryEntry> entries) {
  for (HistoryEntry& entry : entries) {
    auto& ring = rings_.at(static_cast<std::size_t>(entry.ring));
    if (ring.size() < limit_) {
      ring.push_back(std::move(entry));
    }
  }
}

std::vector<HistoryEntry> History::newest_first() const {
  std::vector<HistoryEntry> merged;
  for (const auto& ring : rings_) {
    merged.insert(merged.end(), ring.begin(), ring.end());
  }
  // By number, not by time: the wall clock may have been set back in between.
  std::ranges::sort(merged, std::ranges::greater{}, &HistoryEntry::id);
  return merged;
}

}  // namespace sfb::status
