// The metrics page as an answer.
#pragma once

#include "agent/http/request_ids.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/live_pages.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace sfb::serve {

/// The page in the form that the request asks for. `pages` lives as long as this runs. Thread rule:
/// loop thread.
boost::asio::awaitable<http::Response> metrics_response(
    LivePages& pages, std::shared_ptr<const http::Request> request);

/// The same at once, with its X-Request-Id, where the page is ready. It fills in all of the
/// response, in its memory: the way of most scrapes allocates nothing.
bool ready_metrics(LivePages& pages, const http::Request& request, http::RequestIds& ids,
                   http::Response& response);

}  // namespace sfb::serve
