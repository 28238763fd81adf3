#include "agent/status/saved_knowledge.hpp"

#include "agent/base/saved_text.hpp"
#include "agent/base/text.hpp"

#include <algorithm>

namespace sfb::status {

namespace {

constexpr std::string_view kFirstLine = "knowledge";
constexpr std::size_t kMostWords = 1000;

std::optional<std::chrono::nanoseconds> duration_of(const SavedLine& line, std::size_t field) {
  const auto count = line.number(field);
  return count && *count >= 0 ? std::optional(std::chrono::nanoseconds(*count)) : std::nullopt;
}

std::optional<SavedKnowledge::Good> good_of(const SavedLine& line) {
  const auto id = line.count(1);
  const auto evaluated_at = line.time(2);
  const auto finished = line.time(3);
  const auto duration = duration_of(line, 4);
  const auto trigger = parse_trigger(line.text(5));
  if (!id || !evaluated_at || !finished || !duration || !trigger) {
    return std::nullopt;
  }
  return SavedKnowledge::Good{*id, *evaluated_at, *finished, *duration, *trigger, line.time(6)};
}

// A failure it stays, also with a reason or a stage that this build does not know.
Error failure_of(const SavedLine& line) {
  const auto* const reason =
      std::ranges::find(kReasons, line.text(1), [](Reason one) { return to_string(one); });
  const auto* const stage =
      std::ranges::find(kStages, line.text(3), [](Stage one) { return to_string(one); });
  return {reason == kReasons.end() ? Reason::internal : *reason,
          std::string(line.text(2)),
          std::string(line.text(4)),
          std::string(line.text(5)),
          std::string(line.text(6)),
          stage == kStages.end() ? Stage::none : *stage};
}

// False: damage.
bool read_line(const SavedLine& line, SavedKnowledge& knowledge) {
  if (line.name() == "last_evaluation") {
    return (knowledge.last_evaluation = line.time(1)).has_value();
  }
  if (line.name() == "last_duration") {
    return (knowledge.last_duration = duration_of(line, 1)).has_value();
  }
  if (line.name() == "last_success") {
    return (knowledge.last_success = line.time(1)).has_value();
  }
  if (line.name() == "failing") {
    knowledge.failing_since = line.time(1);
    knowledge.failures_in_row = line.count(2).value_or(0);
    return knowledge.failing_since.has_value() && line.count(2).has_value();
  }
  if (line.name() == "failure") {
    knowledge.failure = failure_of(line);
    return true;
  }
  if (line.name() == "good") {
    return (knowledge.good = good_of(line)).has_value();
  }
  return true;
}

}  // namespace

std::string write_saved_knowledge(const SavedKnowledge& knowledge) {
  std::string text;
  append_saved_line(text, {kFirstLine});
  if (knowledge.last_evaluation) {
    append_saved_line(text, {"last_evaluation", saved_time(knowledge.last_evaluation)});
  }
  if (knowledge.last_duration) {
    append_saved_line(text, {"last_duration", std::to_string(knowledge.last_duration->count())});
  }
  if (knowledge.last_success) {
    append_saved_line(text, {"last_success", saved_time(knowledge.last_success)});
  }
  if (knowledge.failing_since) {
    append_saved_line(text, {"failing", saved_time(knowledge.failing_since),
                             std::to_string(knowledge.failures_in_row)});
  }
  if (const auto& failure = knowledge.failure) {
    const auto cut = [](std::string_view words) { return cut_utf8(words, kMostWords); };
    append_saved_line(
        text, {"failure", to_string(failure->reason), cut(failure->code), to_string(failure->stage),
               cut(failure->message), cut(failure->remedy), cut(failure->peer)});
  }
  if (const auto& good = knowledge.good) {
    append_saved_line(text, {"good", std::to_string(good->id), saved_time(good->evaluated_at),
                             saved_time(good->finished), std::to_string(good->duration.count()),
                             to_string(good->trigger), saved_time(good->dated)});
  }
  return text;
}

std::optional<SavedKnowledge> read_saved_knowledge(std::string_view text) {
  const auto lines = read_saved_lines(text, {.bytes = 64UL << 10U, .lines = 64});
  if (!lines || lines->empty() || lines->front().name() != kFirstLine) {
    return std::nullopt;
  }
  SavedKnowledge knowledge;
  for (const SavedLine& line : *lines) {
    if (!read_line(line, knowledge)) {
      return std::nullopt;
    }
  }
  return knowledge;
}

}  // namespace sfb::status
