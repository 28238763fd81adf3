// `POST /-/reload`: the configuration is read anew for a caller that waits for the outcome.
#pragma once

#include "agent/base/log.hpp"
#include "agent/http/types.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <vector>

namespace sfb::serve {

/// How a reload ended, for the one who asked for it.
struct Reloaded {
  int status = 200;  ///< 200 taken; 500 refused, the last good one stays; 503, 504 not known
  std::vector<std::string> lines = {};  ///< what was taken and what is doubtful, or the mistakes
};

/// Reads the configuration anew and says how that ended. Thread rule: loop thread.
using Reload = std::function<boost::asio::awaitable<Reloaded>()>;

/// The answer of the door, text. Empty `reload`: the door is switched off, 403 names the flag. A
/// request with Origin is a web page's and refused: no page of ours has such a form.
boost::asio::awaitable<http::Response> reload_page(const http::Request& request,
                                                   const Reload& reload, const Logger& logger,
                                                   std::string request_id);

}  // namespace sfb::serve
