// The line of the log about one request: who asked for which pool, and what came of it. Pure.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/base/log.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/routes.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// The event: `query`, `probe`, `reload`, `read` (a page with what is known of pools, or with the
/// configuration, was shown); else `refused`. `route`: nullptr for a path without a door.
std::string_view access_event(const Route* route, const http::Response& response);

/// Whether it is in the log: every query, probe, reload and read, and whoever is refused (401, 403,
/// `/` without pools). A first request without a proof is no refusal: 401 asks for one. Of a
/// browser that waits for events the first request alone.
bool is_access(const Route* route, const http::Request& request, const http::Response& response);
bool is_refused(const Route* route, const http::Response& response);
/// Whether its lines are bounded: a refusal, and what strangers can cause at will.
bool is_bounded(const Route* route, const http::Response& response);

/// The fields: `user` and `proof` (if one is proven), `peer`, `cmdlet` of a query, `page` of
/// another door, `pool` and `parameters` (if the request can be read), `status`, `outcome` and
/// `reason` (of a failure), `source` and `evaluation` (of an answer: its number in the history),
/// `duration` in seconds, `request_id`. Nothing of them is a secret, nor longer than a name.
std::vector<LogField> access_fields(const Route* route, const http::Request& request,
                                    const access::Caller& caller, const std::string& request_id,
                                    const http::Response& response, std::chrono::nanoseconds took);

}  // namespace sfb::serve
