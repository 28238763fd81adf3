#include "agent/serve/pages.hpp"

#include "agent/base/text.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/routes.hpp"

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <utility>

namespace sfb::serve {
namespace {

constexpr std::string_view kParameter = "PoolFqdn";

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

http::Response config_page(std::shared_ptr<const std::string> yaml) {
  http::Response response;
  response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  response.body = std::move(yaml);
  return not_cached(std::move(response));
}

http::Response index_page(std::string_view version, std::string_view metrics) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<title>sfb_backup_exporter</title>\n</head>\n<body>\n<h1>sfb_backup_exporter</h1>\n"
      "<p>Version {}. Status of the Skype for Business and Lync Backup Service.</p>\n<ul>\n",
      escape_html(version));
  for (const Route& route : routes()) {
    const std::string pattern = escape_html(route.door == Door::metrics ? metrics : route.pattern);
    // A link without a pool would only lead to an error; the status and the history have a button.
    const bool needs_more = route.door == Door::query || route.door == Door::history ||
                            route.door == Door::pool || route.door == Door::probe ||
                            !allows(route, "GET");
    const std::string name = needs_more ? fmt::format("<code>{}</code>", pattern)
                                        : fmt::format("<a href=\"{0}\">{0}</a>", pattern);
    fmt::format_to(std::back_inserter(html), "<li>{} {}</li>\n", name, escape_html(route.help));
  }
  fmt::format_to(std::back_inserter(html),
                 "</ul>\n<form action=\"/api/v1/Get-CsBackupServiceStatus\">\n<label>PoolFqdn "
                 "<input name=\"{}\" size=\"40\" required></label>\n"
                 "<button>Get-CsBackupServiceStatus</button>\n"
                 "<button formaction=\"/api/v1/history\">History</button>\n</form>\n"
                 "</body>\n</html>\n",
                 kParameter);
  http::Response response;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Security-Policy",
                       "default-src 'none'; form-action 'self'; base-uri 'none'; "
                       "frame-ancestors 'none'"},
                      {"Referrer-Policy", "no-referrer"}};
  response.body = std::make_shared<const std::string>(std::move(html));
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

http::Response unknown_pool(const Error& error) {
  return problem_json(404, error, std::string(kParameter), {});
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
