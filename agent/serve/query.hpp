// What a query asks for. query_parse.hpp makes it from a request, live_query.hpp awaits the answer,
// query_render.hpp makes the response.
#pragma once

#include "agent/format/choice.hpp"
#include "collectors/question.hpp"

#include <chrono>
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

}  // namespace sfb::serve
