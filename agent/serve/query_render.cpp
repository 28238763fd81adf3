#include "agent/serve/query_render.hpp"

#include "agent/clixml/writer.hpp"
#include "agent/format/choice.hpp"
#include "agent/format/format.hpp"
#include "agent/json/writer.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::serve {
namespace {

constexpr std::chrono::seconds kRetryAfter{5};  // when the engine names no time

struct Body {
  std::string_view type;
  std::string bytes;
};

Body render_result(const Query& query, const PipelineResult& result, bool hide_errors) {
  switch (query.choice.as) {
    case As::text:
      return {"text/plain; charset=utf-8",
              format::pipeline(result, hide_errors,
                               format::console_of(query.choice, query.width, result.ps_version),
                               format::server_text(query.choice, query.width, result))};
    case As::json: {
      using json::Edition;
      const json::WriteOptions options{.edition = format::is_json_of_7(query.choice)
                                                      ? Edition::powershell_7
                                                      : Edition::windows_powershell_51};
      std::string json = json::convert_to_json(result.graph, result.output, options);
      return {"application/json", json.empty() ? json : json + '\n'};
    }
    case As::clixml:
      break;
  }
  return {"application/xml", clixml::write_file(result.graph, result.output)};
}

collectors::Verdict verdict_of(const status::EvaluationPtr& evaluation, const Known& known) {
  return evaluation ? evaluation->verdict({evaluation->question.pool, known.expectation})
                    : collectors::Verdict{};
}

http::Response good_response(const Query& query, const status::Evaluation& evaluation) {
  static const PipelineResult kNothing;
  const PipelineResult& result = evaluation.result ? *evaluation.result : kNothing;
  Body body =
      render_result(query, result, query.question.has_flag(query.question.what->hides_errors));
  http::Response response;
  response.headers.push_back({"Content-Type", std::string(body.type)});
  response.headers.push_back({"X-Outcome", "good"});
  response.body = std::make_shared<const std::string>(std::move(body.bytes));
  return response;
}

/// What the console showed of a failed run. Only where PowerShell itself failed are its errors the
/// cause; else our own error says what is wrong with the answer.
std::string failed_text(Form form, const Problem& problem, MonoTime now) {
  const status::Evaluation& evaluation = *problem.evaluation;
  std::string text;
  if (evaluation.result && evaluation.error->reason == Reason::cmdlet) {
    const format::Options console =
        format::console_of(form.choice, form.width, evaluation.result->ps_version);
    text = format::pipeline(*evaluation.result, false, console,
                            format::server_text(form.choice, form.width, *evaluation.result));
    form.choice.edition = console.edition;  // what follows stands on the same console
    if (!evaluation.result->errors.empty()) {
      return text;
    }
  }
  return text + problem_text(form, problem, now);
}

http::Response failed_response(const Query& query, const status::EvaluationPtr& evaluation,
                               MonoTime now, const std::string& request_id, const Known& known) {
  const Form form = form_of(query, request_id);
  const Problem problem{
      .status = evaluation->error->reason == Reason::timeout ? 504 : 502,
      .error = *evaluation->error,
      .pool = query.question.pool.str(),
      .evaluation = evaluation,
      .last_known = known.last_good,
      .verdict = verdict_of(known.last_good, known),
  };
  http::Response response = problem_response(form, problem, now);
  if (query.choice.as == As::text) {
    response.body = std::make_shared<const std::string>(failed_text(form, problem, now));
  }
  return response;
}

void add_freshness(http::Response& response, const status::Answer& answer, MonoTime now) {
  const status::Evaluation& evaluation = *answer.evaluation;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(evaluation.age(now));
  response.headers.push_back({"Age", std::to_string(age.count())});
  response.headers.push_back({"X-Evaluated-At", format_iso8601(evaluation.evaluated_at)});
  response.headers.push_back({"X-Evaluation-Source", std::string(to_string(answer.source))});
  response.headers.push_back({"X-Evaluation-Id", std::to_string(evaluation.id)});
}

int status_of(const status::Refusal& refusal) {
  switch (refusal.error.reason) {
    case Reason::not_found:
      return 404;
    case Reason::timeout:
      return 504;
    case Reason::throttled:
      return 503;
    case Reason::protocol:
      return 501;  // a question this transport cannot ask
    default:
      return refusal.retry_after ? 503 : 500;
  }
}

}  // namespace

http::Response render_answer(const Query& query, const status::Answer& answer, MonoTime now,
                             const std::string& request_id, const Known& known) {
  http::Response response;
  if (answer.evaluation->good()) {
    response = good_response(query, *answer.evaluation);
    const auto& result = answer.evaluation->result;
    const bool server =
        result && format::server_text(query.choice, query.width, *result) != nullptr;
    add_query_headers(response, request_id, server ? "server" : "agent");
  } else {
    response = failed_response(query, answer.evaluation, now, request_id, known);
  }
  add_freshness(response, answer, now);
  return response;
}

http::Response render_refusal(const Query& query, const status::Refusal& refusal, MonoTime now,
                              const std::string& request_id, const Known& known) {
  Problem problem{.status = status_of(refusal),
                  .error = refusal.error,
                  .pool = query.question.pool.str(),
                  .retry_after = refusal.retry_after,
                  .last_known = refusal.last_known};
  if (known.last_good && (!refusal.last_known || !refusal.last_known->conclusive())) {
    problem.last_known = known.last_good;
  }
  problem.verdict = verdict_of(problem.last_known, known);
  if (problem.status == 503) {
    problem.retry_after =
        std::max(problem.retry_after.value_or(kRetryAfter), std::chrono::seconds(1));
  }
  return problem_response(form_of(query, request_id), problem, now);
}

}  // namespace sfb::serve
