#include "agent/engine/conclusion.hpp"

#include "collectors/dropped_file.hpp"

#include <algorithm>
#include <utility>

namespace sfb::engine {

Result<collectors::FindingPtr> interpret(const collectors::Collector& what,
                                         const PipelineResult& result, std::string_view file,
                                         const Limits& limits) {
  auto finding = what.interpret(result, limits);
  if (!finding) {
    Error error = std::move(finding.error());
    if (error.stage == Stage::none) {
      error.stage = Stage::parse;
    }
    return std::unexpected(file.empty() ? std::move(error)
                                        : collectors::of_file(std::move(error), file));
  }
  return finding;
}

status::EvaluationPtr conclude(std::uint64_t id, const Job& job, Result<remote::Reply> result,
                               const Limits& limits, Now now) {
  auto evaluation =
      std::make_shared<status::Evaluation>(status::Evaluation{.question = job.question});
  evaluation->id = id;
  evaluation->trigger = job.trigger;
  evaluation->request_id = job.request_id;
  evaluation->evaluated_at = now.wall;
  evaluation->made = now.mono;
  evaluation->finished = now.wall;
  evaluation->duration = now.mono - job.started;
  evaluation->front_end = *job.front_end;
  if (!result) {
    evaluation->error = std::move(result.error());
    return evaluation;
  }
  // Published, and kept as the latest of its kind: a time ahead of us would stay and look fresh.
  evaluation->evaluated_at = std::min(result->made_at, now.wall);
  evaluation->made = now.mono - result->age;
  evaluation->dated = result->dated;
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
  auto finding = interpret(*job.question.what, evaluation->result->unpack(), result->file, limits);
  if (!finding) {
    evaluation->error = std::move(finding.error());
    return evaluation;
  }
  evaluation->finding = std::move(*finding);
  return evaluation;
}

}  // namespace sfb::engine
