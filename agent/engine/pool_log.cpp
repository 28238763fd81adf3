#include "agent/engine/pool_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

namespace sfb::engine {

namespace {

// More changes between two answers are more lines than anybody reads.
constexpr std::size_t kMostChanges = 50;

}  // namespace

std::vector<LogField> who(const status::Question& question) {
  std::vector<LogField> fields = {{"pool", question.pool.str()}};
  if (!collectors::is_pool_status(*question.what)) {
    fields.push_back({"collector", std::string(question.what->name)});
  }
  return fields;
}

std::vector<LogField> who_and(const status::Question& question, std::vector<LogField> fields) {
  std::vector<LogField> all = who(question);
  std::ranges::move(fields, std::back_inserter(all));
  return all;
}

void PoolLog::completed(const Logger& logger, const status::Evaluation& evaluation,
                        const status::EvaluationPtr& before) {
  if (!evaluation.good()) {
    failed(logger, evaluation);
  } else if (evaluation.question.is_scheduled()) {
    succeeded(logger, evaluation, before);
  }
}

void PoolLog::failed(const Logger& logger, const status::Evaluation& evaluation) {
  const Error& error = *evaluation.error;
  // A pool that fails every two minutes is news once. What callers ask for is their affair.
  const bool news = evaluation.question.is_scheduled() &&
                    (last_failure_ != error.reason || last_code_ != error.code);
  if (evaluation.question.is_scheduled()) {
    last_failure_ = error.reason;
    last_code_ = error.code;
  }
  logger.log(
      news ? LogLevel::warn : LogLevel::debug, "evaluation failed",
      who_and(evaluation.question, {{"question", collectors::parameters_text(evaluation.question)},
                                    {"evaluation", std::to_string(evaluation.id)},
                                    {"reason", std::string(to_string(error.reason))},
                                    {"code", error.code},
                                    {"stage", std::string(to_string(error.stage))},
                                    {"message", describe(error)}}));
}

void PoolLog::succeeded(const Logger& logger, const status::Evaluation& evaluation,
                        const status::EvaluationPtr& before) {
  const auto log = [&](LogLevel level, std::string_view event, std::vector<LogField> fields) {
    logger.log(level, event, who_and(evaluation.question, std::move(fields)));
  };
  if (last_failure_) {
    log(LogLevel::info, "evaluation recovered",
        {{"after", std::string(to_string(*last_failure_))}});
    last_failure_.reset();
  }
  if (evaluation.note.code != last_note_) {
    last_note_ = evaluation.note.code;
    if (!evaluation.note.empty()) {
      log(LogLevel::warn, "answer is odd",
          {{"code", evaluation.note.code},
           {"message", fmt::format("{} ({})", evaluation.note.message, evaluation.note.remedy)}});
    }
  }
  if (evaluation.finding->notes != last_notes_) {
    last_notes_ = evaluation.finding->notes;
    for (const std::string& note : last_notes_) {
      log(LogLevel::warn, "answer is odd", {{"message", note}});
    }
  }
  if (!before || !evaluation.finding->conclusive) {
    return;  // the first answer changes nothing, and one that says nothing neither
  }
  const std::vector<collectors::Change> changes =
      evaluation.question.what->changes(*before->finding, *evaluation.finding);
  for (const collectors::Change& change : changes | std::views::take(kMostChanges)) {
    log(LogLevel::info, change.event, change.fields);
  }
  if (changes.size() > kMostChanges) {
    log(LogLevel::info, "further changes",
        {{"count", std::to_string(changes.size() - kMostChanges)}});
  }
}

}  // namespace sfb::engine
