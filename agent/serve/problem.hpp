// Every answer of the query door but 200: one PowerShell error at the asked width, or
// application/problem+json (RFC 9457). Pure functions.
#pragma once

#include "agent/binding/binding.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/form.hpp"
#include "agent/status/evaluation.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::serve {

/// What went wrong. `error.code` is the FullyQualifiedErrorId.
struct Problem {
  int status = 500;
  Error error = {};
  std::string pool = {};  ///< the target of CategoryInfo; may be empty
  std::optional<std::chrono::seconds> retry_after = {};
  status::EvaluationPtr evaluation = {};  ///< the failed one
  status::EvaluationPtr last_known = {};  ///< shown with its age and verdict
  collectors::Verdict verdict = {};       ///< of last_known, judged now
};

/// The finished answer, with X-Outcome, X-Reason and the headers of all query answers.
http::Response problem_response(const Form& form, const Problem& problem, MonoTime now);

/// The finished 400 of a binding error, with PowerShell's text.
http::Response binding_response(const Form& form, const binding::BindError& error);

/// One PowerShell error of our own as a console prints it: that of the edition asked for, else of
/// 5.1.
std::string problem_text(const Form& form, const Problem& problem, MonoTime now);

/// `working properly`, `not working properly: `, `not configured` or what is unknown, with the
/// grounds. Of a collector that judges nothing (`is_status`: it is not the pool's status): `good`.
std::string verdict_text(const collectors::Verdict& verdict, bool is_status);

/// Headers of every answer of the query door. `rendered_by`: who made the text of the output,
/// `agent` or `server`.
void add_query_headers(http::Response& response, const std::string& request_id,
                       std::string_view rendered_by = "agent");

/// A problem+json answer of any door.
http::Response problem_json(int status, const Error& error, const std::string& parameter,
                            const std::string& request_id);

}  // namespace sfb::serve
