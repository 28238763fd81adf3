#include "agent/engine/pool_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfb::engine {

std::vector<LogField> who_and(const status::Question& question, std::vector<LogField> fields) {
  std::vector<LogField> all = {{"pool", question.pool.str()}};
  if (!collectors::is_pool_status(*question.what)) {
    all.push_back({"collector", std::string(question.what->name)});
  }
  std::ranges::move(fields, std::back_inserter(all));
  return all;
}

void add_request(std::vector<LogField>& fields, const std::string& request_id) {
  if (!request_id.empty()) {
    fields.push_back({"request_id", request_id});
  }
}

void PoolLog::completed(const Logger& logger, const status::Evaluation& evaluation,
                        const std::vector<status::HistoryChange>& changes,
                        const collectors::Facts& facts) {
  if (!evaluation.good()) {
    failed(logger, evaluation);
  } else if (evaluation.question.is_scheduled()) {
    succeeded(logger, evaluation, changes, facts);
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
  std::vector<LogField> fields =
      who_and(evaluation.question, {{"question", collectors::parameters_text(evaluation.question)},
                                    {"evaluation", std::to_string(evaluation.id)},
                                    {"reason", std::string(to_string(error.reason))},
                                    {"code", error.code},
                                    {"stage", std::string(to_string(error.stage))},
                                    {"message", describe(error)}});
  add_request(fields, evaluation.request_id);
  logger.log(news ? LogLevel::warn : LogLevel::debug, "evaluation failed", fields);
}

void PoolLog::succeeded(const Logger& logger, const status::Evaluation& evaluation,
                        const std::vector<status::HistoryChange>& changes,
                        const collectors::Facts& facts) {
  const auto log = [&](LogLevel level, std::string_view event, std::vector<LogField> fields) {
    std::vector<LogField> all = who_and(evaluation.question, std::move(fields));
    all.push_back({"evaluation", std::to_string(evaluation.id)});
    add_request(all, evaluation.request_id);
    logger.log(level, event, all);
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
  const collectors::Collector& what = *evaluation.question.what;
  if (what.warnings != nullptr && evaluation.finding->conclusive) {
    auto now = what.warnings(*evaluation.finding, facts);
    if (now != last_warnings_) {
      last_warnings_ = std::move(now);
      for (const std::string& warning : last_warnings_) {
        log(LogLevel::warn, "answer differs from the configuration", {{"message", warning}});
      }
    }
  }
  for (const status::HistoryChange& change : changes) {
    std::vector<LogField> fields;
    fields.reserve(change.fields.size());
    for (const auto& [key, value] : change.fields) {
      fields.push_back({key, value});
    }
    log(LogLevel::info, change.event, std::move(fields));
  }
}

}  // namespace sfb::engine
