// From an answer to a response: status as in agent/README.md, the body as the cmdlet's, everything
// else in headers. Pure functions.
#pragma once

#include "agent/base/capped_text.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/query.hpp"
#include "agent/status/evaluation.hpp"

#include <cstddef>
#include <string>

namespace sfb::serve {

/// What is known of the pool beside the answer.
struct Known {
  /// The last good answer of an equal question, may be null: a failed answer shows it as the last
  /// known result.
  status::EvaluationPtr last_good = {};
  collectors::Expectation expectation = {};  ///< as the operator says now
  std::string near = {};                     ///< of an unknown pool: `did you mean a or b?`
};

/// The finished response of an answer: its status, body in the asked form, freshness in headers
/// only. An answer of more than `max_bytes` in this form is a 502, `render.too_large`. CPU work:
/// worker thread.
http::Response render_answer(const Query& query, const status::Answer& answer, MonoTime now,
                             const std::string& request_id, const Known& known = {},
                             std::size_t max_bytes = most_text({}));

/// The finished response of a refusal: 404, 501, 503 + Retry-After, 504, with the last known result
/// and its age: `last_good` if the refusal itself brings no good one.
http::Response render_refusal(const Query& query, const status::Refusal& refusal, MonoTime now,
                              const std::string& request_id, const Known& known = {});

}  // namespace sfb::serve
