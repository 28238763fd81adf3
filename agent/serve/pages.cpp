#include "agent/serve/pages.hpp"

#include "agent/base/text.hpp"
#include "agent/serve/problem.hpp"

#include <fmt/format.h>

#include <utility>

namespace sfb::serve {
namespace {

http::Response not_cached(http::Response response) {
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : to_utf8_lossy(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

http::Response healthy_page() {
  return not_cached(http::text_response(200, "healthy"));
}

http::Response ready_page(bool first_cycle_done, bool draining) {
  if (draining) {
    return not_cached(http::text_response(503, "not ready: the agent is stopping"));
  }
  if (!first_cycle_done) {
    return not_cached(
        http::text_response(503, "not ready: some pools were not evaluated yet since the start"));
  }
  return not_cached(http::text_response(200, "ready"));
}

http::Response config_page(const KeptText& yaml) {
  http::Response response;
  response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  yaml.put_into(response);
  return not_cached(std::move(response));
}

Error not_configured(const Fqdn& pool, std::string_view near) {
  return {
      Reason::not_found,
      "pool.not_configured",
      fmt::format("pool {} is not configured", pool.str()),
      near.empty() ? "add it to `pools`, or ask for a name that stands there" : std::string(near),
      {},
      Stage::none};
}

http::Response unknown_pool(const Error& error, std::string_view parameter) {
  return problem_json(404, error, std::string(parameter), {});
}

http::Response denied_page(const Denied& denied, bool json) {
  if (json) {
    return problem_json(denied.status, error_of(denied), {}, {});
  }
  return not_cached(http::text_response(
      denied.status,
      fmt::format("{}: {}; {} ({})", denied.status, denied.message, denied.remedy, denied.code)));
}

}  // namespace sfb::serve
