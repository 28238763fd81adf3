// Errors in the two shapes a caller may ask for.
#include "agent/serve/problem.hpp"

#include "agent/base/json_string.hpp"
#include "agent/base/text.hpp"
#include "agent/binding/binding.hpp"
#include "agent/binding/line.hpp"
#include "agent/serve/json_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace sfb::serve {
namespace {

constexpr std::size_t kShownErrors = 20;  // PowerShell errors in a problem+json

/// PowerShell's ErrorCategory for our reasons (the numbers of System.Management.Automation).
std::int32_t category_of(Reason reason) {
  switch (reason) {
    case Reason::dns:
    case Reason::connect:
    case Reason::tls:
      return 27;  // ConnectionError
    case Reason::auth:
      return 28;  // AuthenticationError
    case Reason::forbidden:
      return 18;  // PermissionDenied
    case Reason::throttled:
      return 29;  // LimitsExceeded
    case Reason::timeout:
      return 15;  // OperationTimeout
    case Reason::protocol:
      return 26;  // ProtocolError
    case Reason::parse:
      return 8;  // InvalidResult
    case Reason::not_found:
      return 13;  // ObjectNotFound
    case Reason::stale:
      return 21;  // ResourceUnavailable
    case Reason::cmdlet:
      return 7;  // InvalidOperation
    case Reason::process:
    case Reason::internal:
      return 0;  // NotSpecified
  }
  return 0;
}

std::string age_text(std::chrono::nanoseconds age) {
  return fmt::format("{} s", std::chrono::duration_cast<std::chrono::seconds>(age).count());
}

std::vector<std::string> texts_of(const std::vector<collectors::Ground>& grounds) {
  std::vector<std::string> texts;
  texts.reserve(grounds.size());
  for (const collectors::Ground& ground : grounds) {
    texts.push_back(ground.text);
  }
  return texts;
}

/// The sentences as parts of one: without their full stops.
std::string listed(const std::vector<collectors::Ground>& grounds) {
  std::vector<std::string> texts = texts_of(grounds);
  for (std::string& text : texts) {
    if (text.ends_with('.')) {
      text.pop_back();
    }
  }
  return fmt::format("{}", fmt::join(texts, "; "));
}

std::string json_texts(const std::vector<collectors::Ground>& grounds) {
  std::vector<std::string> quoted;
  quoted.reserve(grounds.size());
  for (const std::string& text : texts_of(grounds)) {
    quoted.push_back(json_string(text));
  }
  return json_list(quoted);
}

/// Unknown is null, never false.
std::string_view json_bool(std::optional<bool> value) {
  if (!value) {
    return "null";
  }
  return *value ? "true" : "false";
}

/// One sentence about the last known result; empty when there is none.
std::string last_known_text(const Problem& problem, MonoTime now) {
  const status::EvaluationPtr& known = problem.last_known;
  if (!known || known == problem.evaluation) {
    return {};
  }
  std::string what;
  if (!known->good()) {
    what = fmt::format("failed ({})", known->error->code);
  } else {
    what = verdict_text(problem.verdict, collectors::is_pool_status(*known->question.what));
  }
  return fmt::format(" The last known result was evaluated at {}, {} ago: {}.",
                     format_iso8601(known->evaluated_at), age_text(known->age(now)), what);
}

std::string last_known_json(const status::Evaluation& known, const collectors::Verdict& verdict,
                            MonoTime now) {
  JsonObject object;
  object.add("evaluation_id", known.id)
      .add("evaluated_at", format_iso8601(known.evaluated_at))
      .add_seconds("age_seconds", to_seconds(known.age(now)))
      .add("outcome", known.good() ? "good" : "failed");
  if (!known.good()) {
    object.add("reason", to_string(known.error->reason)).add("code", known.error->code);
    return object.str();
  }
  object.add_raw("configured", json_bool(verdict.configured))
      .add_raw("working", json_bool(verdict.working))
      .add_raw("not_working_because", json_texts(verdict.reasons))
      .add_raw("unknown_because", json_texts(verdict.doubts));
  return object.str();
}

/// What PowerShell itself reported, for callers that cannot see the console text.
std::string powershell_errors(const PipelineResult& result) {
  std::vector<std::string> errors;
  for (const Value& value : result.errors) {
    if (errors.size() == kShownErrors) {
      break;
    }
    const ErrorRecord record = ErrorRecord::from(result.graph, value);
    errors.push_back(JsonObject()
                         .add("message", cut_utf8(record.message))
                         .add("error_id", cut_utf8(record.error_id))
                         .add("category", cut_utf8(record.category_message))
                         .str());
  }
  return json_list(errors);
}

http::Response body_response(int status, std::string type, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::move(type)});
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

JsonObject problem_head(int status, const Error& error) {
  Error shown = error;
  shown.remedy.clear();  // a member of its own
  JsonObject object;
  object.add("type", "about:blank")
      .add("title", http::status_text(status))
      .add_raw("status", std::to_string(status))
      .add("detail", describe(shown))
      .add("reason", to_string(error.reason))
      .add("code", error.code)
      .add_known("stage", to_string(error.stage))
      .add_known("remedy", error.remedy);
  return object;
}

http::Response problem_body(int status, const JsonObject& object) {
  return body_response(status, "application/problem+json", object.str() + '\n');
}

std::string_view ellipsis_of(const Form& form) {
  return form.choice.edition == format::Edition::powershell_7 ? binding::kEllipsis7
                                                              : binding::kEllipsis51;
}

std::string error_text(const Form& form, const ErrorRecord& record) {
  return format::error(record, format::console_of(form.choice, form.width, {}));
}

}  // namespace

std::string verdict_text(const collectors::Verdict& verdict, bool is_status) {
  if (!is_status && !verdict.working && verdict.doubts.empty()) {
    return "good";
  }
  if (verdict.configured == false) {
    return "not configured";
  }
  if (!verdict.working) {
    return fmt::format("whether it {} is unknown: {}",
                       verdict.configured || !is_status ? "works" : "is configured",
                       listed(verdict.doubts));
  }
  return *verdict.working ? "working properly"
                          : fmt::format("not working properly: {}", listed(verdict.reasons));
}

void add_query_headers(http::Response& response, const std::string& request_id,
                       std::string_view rendered_by) {
  response.headers.push_back({"X-Rendered-By", std::string(rendered_by)});
  response.headers.push_back({"Cache-Control", "no-store"});
  if (!request_id.empty()) {
    response.headers.push_back({"X-Request-Id", request_id});
  }
}

std::string problem_text(const Form& form, const Problem& problem, MonoTime now) {
  ErrorRecord record;
  record.message = describe(problem.error) + last_known_text(problem, now);
  record.invocation_name = form.cmdlet;
  record.position_message =
      binding::position_message(form.line, 0, to_utf16(form.line).size(), ellipsis_of(form));
  record.category = category_of(problem.error.reason);
  record.category_message =
      fmt::format("{}: ({}:{}) [{}], Exception", error_category_name(*record.category),
                  problem.pool, problem.pool.empty() ? "" : "String", form.cmdlet);
  record.error_id = problem.error.code;
  return error_text(form, record);
}

http::Response problem_response(const Form& form, const Problem& problem, MonoTime now) {
  http::Response response;
  if (form.choice.as == As::text) {
    response = http::text_response(problem.status, problem_text(form, problem, now));
  } else {
    JsonObject object = problem_head(problem.status, problem.error);
    object.add_known("pool", problem.pool).add_known("request_id", form.request_id);
    if (problem.retry_after) {
      object.add_raw("retry_after_seconds", std::to_string(problem.retry_after->count()));
    }
    if (problem.evaluation) {
      object.add("evaluation_id", problem.evaluation->id);
      if (problem.evaluation->result) {
        object.add_raw("errors", powershell_errors(problem.evaluation->result->unpack()));
      }
    }
    object.add_raw("last_known", problem.last_known
                                     ? last_known_json(*problem.last_known, problem.verdict, now)
                                     : "null");
    response = problem_body(problem.status, object);
  }
  response.headers.push_back({"X-Outcome", "failed"});
  response.headers.push_back({"X-Reason", std::string(to_string(problem.error.reason))});
  if (problem.retry_after) {
    response.headers.push_back({"Retry-After", std::to_string(problem.retry_after->count())});
  }
  add_query_headers(response, form.request_id);
  return response;
}

http::Response binding_response(const Form& form, const binding::BindError& error) {
  http::Response response;
  if (form.choice.as == As::text) {
    ErrorRecord record;
    record.message = error.message;
    record.invocation_name = form.cmdlet;
    record.position_message = binding::position_message(form.line, error, ellipsis_of(form));
    record.category_message = error.category_message;
    record.error_id = error.error_id;
    record.exception_type = error.exception_type;
    response = http::text_response(400, error_text(form, record));
  } else {
    JsonObject object;
    object.add("type", "about:blank")
        .add("title", http::status_text(400))
        .add_raw("status", "400")
        .add("detail", error.message)
        .add_known("parameter", error.parameter)
        .add("code", error.error_id)
        .add("category", error.category_message)
        .add_known("request_id", form.request_id);
    response = problem_body(400, object);
  }
  add_query_headers(response, form.request_id);
  return response;
}

http::Response problem_json(int status, const Error& error, const std::string& parameter,
                            const std::string& request_id) {
  JsonObject object = problem_head(status, error);
  object.add_known("parameter", parameter).add_known("request_id", request_id);
  http::Response response = problem_body(status, object);
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

}  // namespace sfb::serve
