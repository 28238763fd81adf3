#include "agent/serve/pages.hpp"

#include "agent/base/text.hpp"
#include "agent/http/query_string.hpp"
#include "agent/serve/json_text.hpp"
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

std::unexpected<http::Response> bad_request(std::string_view parameter, std::string code,
                                            std::string message, std::string remedy) {
  const Error error{Reason::parse, std::move(code), std::move(message), std::move(remedy), {},
                    Stage::none};
  return std::unexpected(problem_json(400, error, std::string(parameter), {}));
}

std::string history_json(const status::HistoryEntry& entry) {
  return JsonObject()
      .add("id", entry.id)
      .add("time", format_iso8601(entry.time))
      .add("evaluated_at", format_iso8601(entry.evaluated_at))
      .add("trigger", to_string(entry.trigger))
      .add("question", entry.question)
      .add_seconds("duration_seconds", to_seconds(entry.duration))
      .add("outcome", entry.skipped ? "skipped"
                      : entry.good  ? "good"
                                    : "failed")
      .add("reason", entry.reason)
      .add("code", entry.code)
      .add("stage", entry.stage)
      .add("message", entry.message)
      .add("remedy", entry.remedy)
      .add("request_id", entry.request_id)
      .str();
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
        http::text_response(503, "not ready: not every pool was asked for the first time yet"));
  }
  return not_cached(http::text_response(200, "ready"));
}

http::Response config_page(std::shared_ptr<const std::string> yaml) {
  http::Response response;
  response.headers.push_back({"Content-Type", "text/plain; charset=utf-8"});
  response.body = std::move(yaml);
  return not_cached(std::move(response));
}

http::Response index_page(std::string_view version) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<title>sfb_backup_exporter</title>\n</head>\n<body>\n<h1>sfb_backup_exporter</h1>\n"
      "<p>Version {}. Status of the Skype for Business and Lync Backup Service.</p>\n<ul>\n",
      escape_html(version));
  for (const Route& route : routes()) {
    const std::string pattern = escape_html(route.pattern);
    // A link without a pool would only lead to an error; the status and the history have a button.
    const bool needs_pool = route.door == Door::query || route.door == Door::history;
    const std::string name = needs_pool ? fmt::format("<code>{}</code>", pattern)
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

std::expected<Fqdn, http::Response> parse_history_request(const http::Request& request) {
  const auto items = http::parse_query(request.query);
  if (!items) {
    return std::unexpected(problem_json(400, items.error(), {}, {}));
  }
  std::optional<std::string> pool;
  for (const http::QueryItem& item : *items) {
    if (!iequals(item.name, kParameter)) {
      return bad_request(item.name, "history.unknown_parameter",
                         fmt::format("there is no parameter {}", quote(item.name, 80)),
                         "give PoolFqdn alone");
    }
    if (pool) {
      return bad_request(kParameter, "history.duplicate_parameter",
                         "PoolFqdn is given more than once", "give it once");
    }
    pool = item.value.value_or("");
  }
  if (!pool) {
    return bad_request(kParameter, "history.missing_parameter", "PoolFqdn is missing",
                       "add ?PoolFqdn= and the name of a configured pool");
  }
  auto fqdn = Fqdn::parse(*pool);
  if (!fqdn) {
    return std::unexpected(problem_json(400, fqdn.error(), std::string(kParameter), {}));
  }
  return std::move(*fqdn);
}

http::Response history_page(const Fqdn& pool, const std::vector<status::HistoryEntry>& entries) {
  std::vector<std::string> lines;
  lines.reserve(entries.size());
  for (const status::HistoryEntry& entry : entries) {
    lines.push_back(history_json(entry));
  }
  http::Response response;
  response.headers.push_back({"Content-Type", "application/json"});
  response.body = std::make_shared<const std::string>(
      JsonObject().add("pool", pool.str()).add_raw("history", json_list(lines)).str() + '\n');
  return not_cached(std::move(response));
}

http::Response unknown_pool(const Fqdn& pool) {
  const Error error{Reason::not_found,
                    "pool.not_configured",
                    fmt::format("pool {} is not configured", pool.str()),
                    "add it to `pools`, or ask for a name that stands there",
                    {},
                    Stage::none};
  return problem_json(404, error, std::string(kParameter), {});
}

http::Response denied_page(const Denied& denied) {
  return not_cached(http::text_response(
      denied.status, fmt::format("{}: {} ({})", denied.status, denied.message, denied.code)));
}

}  // namespace sfb::serve
