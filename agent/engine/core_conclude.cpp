// The end of a run: the evaluation, what is learned from it, and who is told.
#include "agent/engine/core.hpp"
#include "collectors/backup_service_status/changes.hpp"
#include "collectors/collector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::engine {

void Core::conclude(Pool& pool, Job& job, Result<remote::Reply> result, Now now) {
  const status::EvaluationPtr before =
      job.question.is_scheduled() ? pool.knowledge.snapshot(now)->last_good : nullptr;
  const std::shared_ptr<status::Evaluation> made =
      make_evaluation(pool, job, std::move(result), now);
  const status::EvaluationPtr evaluation = made;
  pool.history.add(*evaluation);
  pool.cache.add(evaluation, now.mono);
  if (job.drives_activity()) {
    pool.activity.finished(now.mono);
  }
  if (job.question.is_scheduled()) {
    note_running(pool);
    pool.knowledge.completed(evaluation, now);
    durations_.observe(evaluation->duration);
    dirty_ = true;
    attempted(pool);
  }
  if (evaluation->good()) {
    log_success(pool, *evaluation, before);
  } else {
    log_failure(pool, *evaluation);
  }
  for (const WaiterId id : std::vector<WaiterId>(job.waiters)) {
    const Waiter waiter = take_waiter(id);
    answer(waiter.callback, {evaluation, waiter.source});
  }
  serve_waiting(pool, evaluation);
  const Error* const failure = evaluation->error ? &*evaluation->error : nullptr;
  const bool let_in = evaluation->result != nullptr || failure->let_in;
  learn_outcome(job, failure, let_in, now);
  plan(pool);
}

std::shared_ptr<status::Evaluation> Core::make_evaluation(const Pool& pool, const Job& job,
                                                          Result<remote::Reply> result, Now now) {
  auto evaluation =
      std::make_shared<status::Evaluation>(status::Evaluation{.question = job.question});
  evaluation->id = ++evaluations_;
  evaluation->trigger = job.trigger;
  evaluation->request_id = job.request_id;
  evaluation->evaluated_at = now.wall;
  evaluation->made = now.mono;
  evaluation->finished = now.wall;
  evaluation->duration = now.mono - job.started;
  if (!result) {
    evaluation->error = std::move(result.error());
    return evaluation;
  }
  // Published, and kept as the latest of its kind: a time ahead of us would stay and look fresh.
  evaluation->evaluated_at = std::min(result->made_at, now.wall);
  evaluation->made = now.mono - result->age;
  evaluation->stages = std::move(result->stages);
  evaluation->note = std::move(result->note);
  evaluation->result = std::move(result->result);
  if (!evaluation->result) {
    evaluation->error = Error{Reason::internal,
                              "engine.no_result",
                              "the transport gave neither a result nor an error",
                              "this is a bug of the agent: report it",
                              "",
                              Stage::none};
    return evaluation;
  }
  // One collector in this build; its line in the table says what the answer means.
  auto status = collectors::all().front().interpret(*evaluation->result, options_.limits);
  if (!status) {
    evaluation->error = std::move(status.error());
    if (evaluation->error->stage == Stage::none) {
      evaluation->error->stage = Stage::parse;
    }
    if (result->bare && evaluation->error->code == "status.unrecognised") {
      evaluation->error->peer.clear();
    }
    return evaluation;
  }
  evaluation->verdict = collectors::judge(*status, pool.options.identity.expectation);
  evaluation->status = std::move(*status);
  return evaluation;
}

void Core::attempted(Pool& pool) {
  if (pool.awaited) {
    pool.awaited = false;
    --awaited_;
  }
}

void Core::log_failure(Pool& pool, const status::Evaluation& evaluation) {
  const Error& error = *evaluation.error;
  // A pool that fails every two minutes is news once. What callers ask for is their affair.
  const bool news = evaluation.question.is_scheduled() &&
                    (pool.last_failure != error.reason || pool.last_code != error.code);
  if (evaluation.question.is_scheduled()) {
    pool.last_failure = error.reason;
    pool.last_code = error.code;
  }
  logger_.log(news ? LogLevel::warn : LogLevel::debug, "evaluation failed",
              {{"pool", pool.fqdn().str()},
               {"question", parameters_text(evaluation.question)},
               {"evaluation", std::to_string(evaluation.id)},
               {"reason", std::string(to_string(error.reason))},
               {"code", error.code},
               {"stage", std::string(to_string(error.stage))},
               {"message", describe(error)}});
}

void Core::log_success(Pool& pool, const status::Evaluation& evaluation,
                       const status::EvaluationPtr& before) {
  if (!evaluation.question.is_scheduled()) {
    return;
  }
  const std::string& name = pool.fqdn().str();
  if (pool.last_failure) {
    logger_.info("evaluation recovered",
                 {{"pool", name}, {"after", std::string(to_string(*pool.last_failure))}});
    pool.last_failure.reset();
  }
  if (evaluation.status->notes != pool.last_notes) {
    pool.last_notes = evaluation.status->notes;
    for (const std::string& note : pool.last_notes) {
      logger_.warn("answer is odd", {{"pool", name}, {"message", note}});
    }
  }
  if (!before || !evaluation.status->conclusive) {
    return;  // the first answer changes nothing, and one that says nothing neither
  }
  for (const collectors::Change& change :
       collectors::changes(*before->status, *evaluation.status)) {
    std::vector<LogField> fields = {{"pool", name}};
    fields.insert(fields.end(), change.fields.begin(), change.fields.end());
    logger_.log(LogLevel::info, change.event, std::span<const LogField>(fields));
  }
}

}  // namespace sfb::engine
