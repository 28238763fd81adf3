// The query door, both pure halves: a request's parameters into a question, and an answer into a
// response. live_query.cpp awaits in between.
#pragma once

#include "agent/format/choice.hpp"
#include "agent/http/types.hpp"
#include "agent/status/evaluation.hpp"

#include <expected>
#include <optional>
#include <string>

namespace sfb::serve {

using format::As;

/// A parsed query.
struct Query {
  collectors::Question question;
  format::Choice choice;
  int width = 120;
  std::optional<std::chrono::seconds> max_age;
  std::string line;  ///< the command line that error texts show, rebuilt canonically
};

/// Binds the parameters of the cmdlet that the path names as PowerShell does. The error is the
/// finished 400 response: PowerShell's error text naming the parameter, or problem+json.
/// `request_id` stands in the problem+json.
std::expected<Query, http::Response> parse_query_request(const http::Request& request,
                                                         const std::string& request_id = {});

/// What is known of the pool beside the answer.
struct Known {
  /// The last good answer of an equal question, may be null: a failed answer shows it as the last
  /// known result.
  status::EvaluationPtr last_good = {};
  collectors::Expectation expectation = {};  ///< as the operator says now
};

/// The finished response of an answer: its status, body in the asked form, freshness in headers
/// only. CPU work: worker thread.
http::Response render_answer(const Query& query, const status::Answer& answer, MonoTime now,
                             const std::string& request_id, const Known& known = {});

/// The finished response of a refusal: 404, 501, 503 + Retry-After, 504, with the last known result
/// and its age: `last_good` if the refusal itself brings no good one.
http::Response render_refusal(const Query& query, const status::Refusal& refusal, MonoTime now,
                              const std::string& request_id, const Known& known = {});

}  // namespace sfb::serve
