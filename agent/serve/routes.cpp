#include "agent/serve/routes.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace sfb::serve {
namespace {

constexpr std::string_view kRead = "GET, HEAD";

constexpr std::array<Route, 7> kRoutes = {{
    {Door::index, "/", kRead, Runs::loop, Guard::origin, "This page."},
    {Door::metrics, "/metrics", kRead, Runs::live, Guard::open,
     "Metrics of all pools for Prometheus."},
    {Door::query, "/api/v1/Get-CsBackupServiceStatus", kRead, Runs::live, Guard::caller,
     "What Get-CsBackupServiceStatus prints: PoolFqdn, Category, Force, BypassDualWrite; "
     "as=text|json|clixml, edition, view, width, max_age."},
    {Door::history, "/api/v1/history", kRead, Runs::cpu, Guard::caller,
     "The last evaluations of a pool (PoolFqdn), newest first, as JSON."},
    {Door::config, "/config", kRead, Runs::loop, Guard::caller,
     "The configuration in use, without secrets."},
    {Door::healthy, "/-/healthy", kRead, Runs::loop, Guard::open, "200 while the process runs."},
    {Door::ready, "/-/ready", kRead, Runs::loop, Guard::open,
     "200 once every pool was asked for the first time, 503 before and while stopping."},
}};

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

const Route* find_route(std::string_view path) {
  const auto* const found = std::ranges::find(kRoutes, path, &Route::pattern);
  return found == kRoutes.end() ? nullptr : found;
}

bool allows(const Route& route, std::string_view method) {
  return std::ranges::any_of(split(route.methods, ','),
                             [&](std::string_view one) { return trim(one) == method; });
}

http::Response unknown_path() {
  return http::text_response(404, "404: there is no such page; / lists the ones there are");
}

http::Response wrong_method(const Route& route) {
  http::Response response = http::text_response(
      405, fmt::format("405: {} knows the methods {}", route.pattern, route.methods));
  response.headers.push_back({"Allow", std::string(route.methods)});
  return response;
}

}  // namespace sfb::serve
