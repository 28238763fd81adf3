// What a caller is told when a worker did not do its job: too much to do, or a bug. Pure.
#pragma once

#include "agent/http/types.hpp"
#include "agent/serve/problem.hpp"

namespace sfb::serve {

/// 503 with Retry-After where there is too much to do, else 500.
Problem worker_problem(Error error);

/// The same as a page of the API.
http::Response worker_problem_json(Error error);

/// The same as text.
http::Response worker_page(const Error& error);

}  // namespace sfb::serve
