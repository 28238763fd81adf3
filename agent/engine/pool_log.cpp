#include "agent/engine/pool_log.hpp"

#include <span>
#include <vector>

namespace sfb::engine {

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
  logger.log(news ? LogLevel::warn : LogLevel::debug, "evaluation failed",
             {{"pool", evaluation.question.pool.str()},
              {"question", collectors::parameters_text(evaluation.question)},
              {"evaluation", std::to_string(evaluation.id)},
              {"reason", std::string(to_string(error.reason))},
              {"code", error.code},
              {"stage", std::string(to_string(error.stage))},
              {"message", describe(error)}});
}

void PoolLog::succeeded(const Logger& logger, const status::Evaluation& evaluation,
                        const status::EvaluationPtr& before) {
  // Who: the pool, and the collector unless it is the pool's status.
  const auto log = [&](LogLevel level, std::string_view event, std::vector<LogField> fields) {
    const collectors::Collector& what = *evaluation.question.what;
    if (!collectors::is_pool_status(what)) {
      fields.insert(fields.begin(), {"collector", std::string(what.name)});
    }
    fields.insert(fields.begin(), {"pool", evaluation.question.pool.str()});
    logger.log(level, event, std::span<const LogField>(fields));
  };
  if (last_failure_) {
    log(LogLevel::info, "evaluation recovered",
        {{"after", std::string(to_string(*last_failure_))}});
    last_failure_.reset();
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
  for (const collectors::Change& change :
       evaluation.question.what->changes(*before->finding, *evaluation.finding)) {
    log(LogLevel::info, change.event, change.fields);
  }
}

}  // namespace sfb::engine
