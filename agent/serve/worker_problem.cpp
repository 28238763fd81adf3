#include "agent/serve/worker_problem.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <utility>

namespace sfb::serve {

Problem worker_problem(Error error) {
  const bool busy = error.reason == Reason::throttled || error.reason == Reason::process;
  Problem problem{.status = busy ? 503 : 500, .error = std::move(error)};
  if (busy) {
    problem.retry_after = std::chrono::seconds(1);
  }
  return problem;
}

http::Response worker_problem_json(Error error) {
  const Problem problem = worker_problem(std::move(error));
  http::Response response = problem_json(problem.status, problem.error, {}, {});
  if (problem.retry_after) {
    response.headers.push_back({"Retry-After", std::to_string(problem.retry_after->count())});
  }
  return response;
}

http::Response worker_page(const Error& error) {
  const Problem problem = worker_problem(error);
  http::Response response = http::text_response(
      problem.status, fmt::format("{}: {} ({})", problem.status, describe(error), error.code));
  if (problem.retry_after) {
    response.headers.push_back({"Retry-After", std::to_string(problem.retry_after->count())});
  }
  return response;
}

}  // namespace sfb::serve
