#include "agent/serve/routes.hpp"

#include "agent/base/text.hpp"
#include "collectors/collector.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sfb::serve {
namespace {

constexpr std::string_view kRead = "GET, HEAD";

constexpr std::string_view kApi = "/api/v1/";
constexpr std::string_view kOwnText = "as=text|json|clixml, edition, view, width, max_age";

Route query_route(const binding::Cmdlet& cmdlet) {
  std::vector<std::string_view> parameters;
  parameters.reserve(cmdlet.parameters.size() + 1);
  for (const binding::Parameter& parameter : cmdlet.parameters) {
    parameters.push_back(parameter.name);
  }
  if (!collectors::asks_pool(cmdlet)) {
    parameters.emplace_back("via=POOL");
  }
  return {
      Door::query,
      fmt::format("{}{}", kApi, cmdlet.name),
      kRead,
      Runs::live,
      Guard::caller,
      fmt::format("What {} prints: {}; {}.", cmdlet.name, fmt::join(parameters, ", "), kOwnText)};
}

std::vector<Route> make_routes() {
  std::vector<Route> routes = {{Door::index, "/", kRead, Runs::loop, Guard::origin, "This page."},
                               {Door::metrics, "/metrics", kRead, Runs::live, Guard::open,
                                "Metrics of all pools for Prometheus."}};
  for (const binding::Cmdlet* const cmdlet : collectors::cmdlets()) {
    routes.push_back(query_route(*cmdlet));
  }
  routes.insert(
      routes.end(),
      {{Door::history, "/api/v1/history", kRead, Runs::cpu, Guard::caller,
        "The last evaluations of a pool (PoolFqdn), newest first, as JSON."},
       {Door::config, "/config", kRead, Runs::loop, Guard::caller,
        "The configuration in use, without secrets."},
       {Door::healthy, "/-/healthy", kRead, Runs::loop, Guard::open, "200 while the process runs."},
       {Door::ready, "/-/ready", kRead, Runs::loop, Guard::open,
        "200 once every pool was asked for the first time, 503 before and while stopping."}});
  return routes;
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> kRoutes = make_routes();
  return kRoutes;
}

const binding::Cmdlet& cmdlet_of(std::string_view path) {
  const auto cmdlets = collectors::cmdlets();
  const auto found = std::ranges::find_if(cmdlets, [&](const binding::Cmdlet* cmdlet) {
    return path.starts_with(kApi) && path.substr(kApi.size()) == cmdlet->name;
  });
  return found == cmdlets.end() ? collectors::pool_status().cmdlet() : **found;
}

const Route* find_route(std::string_view path) {
  const auto found = std::ranges::find(routes(), path, &Route::pattern);
  return found == routes().end() ? nullptr : &*found;
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
