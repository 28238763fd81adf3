#include "agent/serve/query_render.hpp"

#include "agent/base/text.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/format/choice.hpp"
#include "agent/format/format.hpp"
#include "agent/json/writer.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/problem.hpp"
#include "agent/status/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace sfb::serve {
namespace {

constexpr std::chrono::seconds kRetryAfter{5};  // when the engine names no time

format::Options console_of(const format::Choice& choice, int width, const PipelineResult& result,
                           std::size_t max_bytes) {
  format::Options console = format::console_of(choice, width, result.ps_version);
  console.max_bytes = max_bytes;
  return console;
}

std::string_view content_type(As as) {
  switch (as) {
    case As::text:
      return "text/plain; charset=utf-8";
    case As::json:
      return "application/json";
    case As::clixml:
      break;
  }
  return "application/xml";
}

Result<std::string> render_result(const Query& query, const PipelineResult& result,
                                  bool hide_errors, std::size_t max_bytes) {
  switch (query.choice.as) {
    case As::text:
      return format::pipeline(result, hide_errors,
                              console_of(query.choice, query.width, result, max_bytes),
                              format::server_text(query.choice, query.width, result));
    case As::json: {
      using json::Edition;
      const json::WriteOptions options{.edition = format::is_json_of_7(query.choice)
                                                      ? Edition::powershell_7
                                                      : Edition::windows_powershell_51,
                                       .max_bytes = max_bytes};
      auto json = json::convert_to_json(result.graph, result.output, options);
      if (json && !json->empty()) {
        *json += '\n';
      }
      return json;
    }
    case As::clixml:
      break;
  }
  return clixml::write_file(result.graph, result.output, clixml::Origin::original, max_bytes);
}

/// What came back, with the expanded items as its output where the caller wants these.
PipelineResult shown_of(const Query& query, const status::Evaluation& evaluation) {
  PipelineResult result = evaluation.result ? evaluation.result->unpack() : PipelineResult{};
  if (query.choice.expanded && query.question.what->expand != nullptr) {
    result.output = query.question.what->expand(result);
  }
  return result;
}

// Of what stands beside a form that does not hold it.
constexpr std::size_t kMostShown = 3;

/// How many there are, and the first ones. ASCII.
std::string told_beside(std::size_t count, std::span<const std::string> first) {
  constexpr std::size_t kMostBytes = 1000;
  constexpr std::size_t kMostEach = 300;
  std::string text;
  for (const std::string& message : first) {
    text += (text.empty() ? "" : ", ") + quote(message, kMostEach);
  }
  std::string ascii;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t point = next_code_point(text, at);
    ascii += point >= 0x20 && point < 0x7F ? static_cast<char>(point) : '?';
  }
  return fmt::format("{}: {}", count, std::string_view(ascii).substr(0, kMostBytes));
}

/// The warnings and non-fatal errors of a good answer, which only its text holds.
void add_beside(http::Response& response, const PipelineResult& result, bool hide_errors) {
  const auto& warnings = result.warnings;
  if (!warnings.empty()) {
    response.headers.push_back(
        {"X-Warnings", told_beside(warnings.size(), std::span(warnings).first(
                                                        std::min(warnings.size(), kMostShown)))});
  }
  if (!result.errors.empty() && !hide_errors) {
    response.headers.push_back(
        {"X-Nonfatal-Errors",
         told_beside(result.errors.size(), status::nonfatal_errors(result, kMostShown))});
  }
}

collectors::Verdict verdict_of(const status::EvaluationPtr& evaluation, const Known& known) {
  return evaluation ? evaluation->verdict({evaluation->question.pool, known.expectation})
                    : collectors::Verdict{};
}

// What the cmdlet's own text does not say. A header may hold letters of any script, and its reader
// may take 8 KiB for all of them.
std::string verdict_header(const status::EvaluationPtr& evaluation, const Known& known) {
  constexpr std::size_t kMost = 1000;
  const std::string text = verdict_text(verdict_of(evaluation, known),
                                        collectors::is_pool_status(*evaluation->question.what));
  const std::string_view cut = cut_utf8(text, kMost);
  return fmt::format("{}{}", visible(cut), cut.size() < text.size() ? "..." : "");
}

/// The answer was good, but its text in this form is too large.
http::Response too_large_response(const Query& query, const Error& error,
                                  const std::string& request_id, MonoTime now) {
  const Problem problem{.status = 502, .error = error, .pool = query.question.pool.str()};
  return problem_response(form_of(query, request_id), problem, now);
}

http::Response good_response(const Query& query, const PipelineResult& result, std::string body,
                             const std::string& request_id) {
  http::Response response;
  response.headers.push_back({"Content-Type", std::string(content_type(query.choice.as))});
  response.headers.push_back({"X-Outcome", "good"});
  response.body = std::make_shared<const std::string>(std::move(body));
  const bool server = format::server_text(query.choice, query.width, result) != nullptr;
  add_query_headers(response, request_id, server ? "server" : "agent");
  return response;
}

http::Response good_or_too_large(const Query& query, const PipelineResult& result, MonoTime now,
                                 const std::string& request_id, std::size_t max_bytes) {
  auto body = render_result(query, result,
                            query.question.has_flag(query.question.what->hides_errors), max_bytes);
  return body ? good_response(query, result, *std::move(body), request_id)
              : too_large_response(query, body.error(), request_id, now);
}

/// What the console showed of a failed run. Only where PowerShell itself failed are its errors the
/// cause; else our own error says what is wrong with the answer.
std::string failed_text(const Query& query, Form form, const Problem& problem, MonoTime now,
                        std::size_t max_bytes) {
  const status::Evaluation& evaluation = *problem.evaluation;
  std::string text;
  if (evaluation.result && evaluation.error->reason == Reason::cmdlet) {
    const PipelineResult result = shown_of(query, evaluation);
    const format::Options console = console_of(form.choice, form.width, result, max_bytes);
    auto shown = format::pipeline(result, false, console,
                                  format::server_text(form.choice, form.width, result));
    form.choice.edition = console.edition;  // what follows stands on the same console
    if (shown && !result.errors.empty()) {
      return *std::move(shown);
    }
    text = shown ? *std::move(shown)
                 : problem_text(form, {.error = shown.error(), .pool = problem.pool}, now);
  }
  return text + problem_text(form, problem, now);
}

http::Response failed_response(const Query& query, const status::EvaluationPtr& evaluation,
                               MonoTime now, const std::string& request_id, const Known& known,
                               std::size_t max_bytes) {
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
    response.body =
        std::make_shared<const std::string>(failed_text(query, form, problem, now, max_bytes));
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
                             const std::string& request_id, const Known& known,
                             std::size_t max_bytes) {
  http::Response response;
  if (answer.evaluation->good()) {
    const PipelineResult result = shown_of(query, *answer.evaluation);
    response = good_or_too_large(query, result, now, request_id, max_bytes);
    response.headers.push_back({"X-Verdict", verdict_header(answer.evaluation, known)});
    if (query.choice.as != As::text) {
      add_beside(response, result, query.question.has_flag(query.question.what->hides_errors));
    }
  } else {
    response = failed_response(query, answer.evaluation, now, request_id, known, max_bytes);
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
  if (!known.near.empty()) {
    problem.error.remedy = known.near;
  }
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
