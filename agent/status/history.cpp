// The history's rings.
#include "agent/status/history.hpp"

#include "agent/base/text.hpp"
#include "agent/status/common_lines.hpp"
#include "agent/status/line_log.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <ranges>
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
  Error told = error;
  told.remedy.clear();  // stands whole beside it
  entry.message = cut(describe(told));
  entry.remedy = error.remedy;
}

// More changes between two answers are more than anybody reads.
constexpr std::size_t kMostChanges = 50;
constexpr std::size_t kMostErrors = 5;
constexpr std::size_t kErrorLimit = 300;

std::vector<HistoryChange> changes_of(const Evaluation& evaluation, const Evaluation* before) {
  std::vector<HistoryChange> told;
  if (before == nullptr || !before->finding || !evaluation.conclusive()) {
    return told;  // the first answer changes nothing, and one that says nothing neither
  }
  const auto changes = evaluation.question.what->changes(*before->finding, *evaluation.finding);
  for (const collectors::Change& change : changes) {
    if (told.size() == kMostChanges) {
      told.push_back(
          {"further changes", {{"count", std::to_string(changes.size() - told.size())}}});
      break;
    }
    HistoryChange& next = told.emplace_back(std::string(change.event));
    for (const LogField& field : change.fields) {
      next.fields.emplace_back(field.key, field.value);
    }
  }
  return told;
}

HistoryEntry entry_of(const LineLog::Line& line) {
  HistoryEntry entry = *line.rest;
  entry.id = line.stamp.id;
  entry.time = line.stamp.time;
  entry.evaluated_at = line.stamp.evaluated_at;
  entry.duration = line.stamp.duration;
  return entry;
}

}  // namespace

std::vector<std::string> nonfatal_errors(const PipelineResult& result, std::size_t most) {
  std::vector<std::string> texts;
  for (const Value& error : result.errors) {
    if (texts.size() == most) {
      break;
    }
    const ErrorRecord record = ErrorRecord::from(result.graph, error);
    texts.push_back(visible(cut_utf8(record.message, kErrorLimit)));
  }
  return texts;
}

std::vector<std::string> nonfatal_errors(const Evaluation& evaluation, std::size_t most) {
  if (!evaluation.good() || !evaluation.result || evaluation.result->errors() == 0) {
    return {};
  }
  return nonfatal_errors(evaluation.result->unpack(), most);
}

History::History(std::shared_ptr<CommonLines> common, std::size_t limit)
    : common_(std::move(common)), limit_(std::max<std::size_t>(limit, 1)) {}

History::~History() = default;
History::History(History&&) noexcept = default;
History& History::operator=(History&&) noexcept = default;

HistoryEntry History::push(HistoryEntry entry) {
  std::unique_ptr<LineLog>& ring = rings_.at(static_cast<std::size_t>(entry.ring));
  if (ring == nullptr) {
    // The other rings are empty most of the time, and seldom full.
    ring = std::make_unique<LineLog>(entry.ring == HistoryRing::good ? limit_ : 1);
  }
  if (ring->size() == limit_) {
    ring->pop_oldest();
  }
  HistoryEntry rest = entry;
  rest.id = 0;
  rest.time = rest.evaluated_at = {};
  rest.duration = {};
  LineLog::Rest same = ring->find(rest);
  ring->push({entry.id, entry.time, entry.evaluated_at, entry.duration},
             same != nullptr ? std::move(same) : common_->of(std::move(rest)));
  return entry;
}

std::shared_ptr<const HistoryStates> History::shared(HistoryStates states) {
  if (states.empty()) {
    return nullptr;
  }
  if (!last_states_ || *last_states_ != states) {
    last_states_ = common_->of(std::move(states));
  }
  return last_states_;
}

HistoryEntry History::add(const Evaluation& evaluation, bool scheduled, const Evaluation* before) {
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
    if (evaluation.finding && evaluation.question.what->states != nullptr) {
      entry.states = shared(evaluation.question.what->states(*evaluation.finding));
    }
    entry.changes = changes_of(evaluation, before);
    entry.errors = nonfatal_errors(evaluation, kMostErrors);
  }
  entry.ring = scheduled    ? entry.good ? HistoryRing::good : HistoryRing::failed
               : entry.good ? HistoryRing::asked_good
                            : HistoryRing::asked_failed;
  return push(std::move(entry));
}

HistoryEntry History::skip(std::uint64_t id, const Question& question, const Error& why,
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
  for (HistoryEntry& entry : entries | std::views::reverse) {
    if (entry.states) {
      entry.states = shared(*entry.states);
    }
    push(std::move(entry));
  }
}

std::vector<HistoryEntry> History::newest_first() const {
  std::vector<HistoryEntry> merged;
  for (const std::unique_ptr<LineLog>& ring : rings_) {
    if (ring != nullptr) {
      std::ranges::transform(ring->lines(), std::back_inserter(merged), entry_of);
    }
  }
  // By number, not by time: the wall clock may have been set back in between.
  std::ranges::sort(merged, std::ranges::greater{}, &HistoryEntry::id);
  return merged;
}

}  // namespace sfb::status
