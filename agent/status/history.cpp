// The history's two rings.
#include "agent/status/history.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sfb::status {

namespace {

constexpr std::size_t kMessageLimit = 500;

std::string cut(std::string_view text) {
  return std::string(cut_utf8(text, kMessageLimit));
}

// What a good answer held that this build does not know: metrics only say `Unknown`, the raw word
// must stand somewhere (design.md 2).
std::string oddities(const collectors::BackupStatus& status) {
  std::string text;
  const auto add = [&](std::string_view part) {
    text += text.empty() ? "" : "; ";
    text += part;
  };
  const auto unknown = [&](std::string_view what, std::string_view direction,
                           const std::string& word) {
    add(fmt::format("unknown state {} of {} {}", quote(word, 80), what, direction));
  };
  // First, as there are few of them: the text is cut at its end.
  for (const std::string& note : status.notes) {
    add(note);
  }
  for (const collectors::Module& module : status.modules) {
    if (module.export_state == collectors::ExportState::unknown) {
      unknown(module.identity, "export", module.export_word);
    }
    if (module.import_state == collectors::ImportState::unknown) {
      unknown(module.identity, "import", module.import_word);
    }
  }
  if (status.overall_export == collectors::ExportState::unknown) {
    unknown("the overall", "export", status.overall_export_word);
  }
  if (status.overall_import == collectors::ImportState::unknown) {
    unknown("the overall", "import", status.overall_import_word);
  }
  return text;
}

}  // namespace

void History::add(const Evaluation& evaluation) {
  HistoryEntry entry;
  entry.id = evaluation.id;
  entry.time = evaluation.finished;
  entry.evaluated_at = evaluation.evaluated_at;
  entry.trigger = evaluation.trigger;
  entry.question = parameters_text(evaluation.question);
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
    entry.message = evaluation.status ? cut(oddities(*evaluation.status)) : "";
  }
  auto& ring = entry.good ? good_ : failed_;
  ring.push_front(std::move(entry));
  while (ring.size() > limit_) {
    ring.pop_back();
  }
}

std::vector<HistoryEntry> History::newest_first() const {
  std::vector<HistoryEntry> merged;
  merged.reserve(good_.size() + failed_.size());
  // By number, not by time: the wall clock may have been set back in between.
  std::ranges::merge(good_, failed_, std::back_inserter(merged), std::ranges::greater{},
                     &HistoryEntry::id, &HistoryEntry::id);
  return merged;
}

}  // namespace sfb::status
