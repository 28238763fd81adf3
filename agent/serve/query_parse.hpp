// From a request's query to a question: the cmdlet's parameters go through PowerShell's binder, our
// own are read here and spelled exactly. Pure functions.
#pragma once

#include "agent/http/types.hpp"
#include "agent/serve/query.hpp"

#include <expected>
#include <string>

namespace sfb::serve {

/// Binds the parameters of the cmdlet that the path names as PowerShell does. The error is the
/// finished 400 response: PowerShell's error text naming the parameter, or problem+json.
/// `request_id` stands in the problem+json.
std::expected<Query, http::Response> parse_query_request(const http::Request& request,
                                                         const std::string& request_id = {});

}  // namespace sfb::serve
