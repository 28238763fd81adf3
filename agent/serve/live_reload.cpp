#include "agent/serve/live_reload.hpp"

#include "agent/serve/pages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace sfb::serve {

boost::asio::awaitable<http::Response> reload_page(const http::Request& request,
                                                   const Reload& reload, const Logger& logger,
                                                   std::string request_id) {
  if (request.has("Origin")) {
    co_return denied_page({403, "access.cross_site", "a web page made the browser ask (Origin)",
                           "let a program ask: only programs may ask for a reload"},
                          false);
  }
  if (!reload) {
    co_return denied_page({403, "lifecycle.off", "reloading over HTTP is switched off",
                           "start the agent with --web.enable-lifecycle, or send it SIGHUP"},
                          false);
  }
  logger.info("reload asked for over HTTP",
              {{"peer", request.peer.address}, {"request_id", std::move(request_id)}});
  const Reloaded reloaded = co_await reload();
  http::Response response =
      http::text_response(reloaded.status, fmt::format("{}", fmt::join(reloaded.lines, "\n")));
  response.headers.push_back({"Cache-Control", "no-store"});
  co_return response;
}

}  // namespace sfb::serve
