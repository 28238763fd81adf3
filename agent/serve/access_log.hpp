// The line of the log about one query: who asked for which pool, and what came of it. Pure.
#pragma once

#include "agent/base/log.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/caller.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace sfb::serve {

/// The fields: `user` (if one logged in), `peer`, `cmdlet`, `pool` and `parameters` (if the query
/// can be read), `status`, `outcome` and `reason` (of a failure), `source` (of an answer),
/// `duration` in seconds, `request_id`. Nothing of them is a secret, nor longer than a name.
std::vector<LogField> query_fields(const http::Request& request, const Caller& caller,
                                   const std::string& request_id, const http::Response& response,
                                   std::chrono::nanoseconds took);

}  // namespace sfb::serve
