#include "agent/serve/routes.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/format/choice.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/history_page.hpp"
#include "agent/serve/problem.hpp"
#include "collectors/collector.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

constexpr std::string_view kRead = "GET, HEAD";
constexpr std::string_view kDo = "POST, PUT";
constexpr std::string_view kPut = "PUT";
constexpr std::size_t kMostMetricsPath = 200;

constexpr std::string_view kApi = "/api/v1/";
constexpr std::string_view kOwnText = "as=text|json|clixml, edition, view, width, max_age";

Parameter text_filter(std::string name, std::string about) {
  return {.name = std::move(name), .type = Parameter::Type::text, .about = std::move(about)};
}

Parameter pool_filter() {
  return {.name = "pool", .type = Parameter::Type::pool, .about = "Only this pool."};
}

Parameter working_filter() {
  return {.name = "working",
          .type = Parameter::Type::word,
          .about = "Only where the verdict on it is this.",
          .words = {"true", "false", "unknown"}};
}

std::vector<Parameter> pools_parameters() {
  return {pool_filter(),
          text_filter("site", "Only pools of this site."),
          text_filter("deployment", "Only pools of this deployment."),
          text_filter("endpoint", "Only pools that are asked through this endpoint."),
          working_filter(),
          {.name = "knowledge",
           .type = Parameter::Type::word,
           .about = "Only pools of which this much is known.",
           .words = {"none", "fresh", "stale"}}};
}

std::vector<Parameter> pairs_parameters() {
  return {pool_filter(), text_filter("deployment", "Only pairs of this deployment."),
          working_filter()};
}

std::vector<Parameter> history_parameters() {
  return {
      {.name = "PoolFqdn",
       .type = Parameter::Type::pool,
       .about = "The pool.",
       .required = true,
       .any_case = true},
      {.name = "since", .type = Parameter::Type::moment, .about = "Only what ended then or later."},
      {.name = "until", .type = Parameter::Type::moment, .about = "Only what ended before then."},
      {.name = "limit",
       .type = Parameter::Type::count,
       .about = "At most so many, the newest.",
       .least = 1,
       .most = kMostHistory}};
}

/// What the query's parser reads by itself; for the OpenAPI document.
std::vector<Parameter> query_parameters(const binding::Cmdlet& cmdlet) {
  std::vector<Parameter> parameters;
  for (const binding::Parameter& each : cmdlet.parameters) {
    Parameter parameter{.name = each.name,
                        .type = Parameter::Type::text,
                        .about = "Of the cmdlet.",
                        .required = each.mandatory,
                        .any_case = true};
    if (each.type == binding::ParameterType::enumeration) {
      parameter.type = Parameter::Type::word;
      parameter.words.assign(each.enumerators.begin(), each.enumerators.end());
    } else if (each.type != binding::ParameterType::text) {
      parameter.type = Parameter::Type::flag;
    }
    parameters.push_back(std::move(parameter));
  }
  const auto words = [](const auto& table) {
    std::vector<std::string> found;
    found.reserve(table.size());
    for (const auto& word : table) {
      found.emplace_back(word.word);
    }
    return found;
  };
  if (!collectors::asks_pool(cmdlet)) {
    parameters.push_back({.name = "via",
                          .type = Parameter::Type::pool,
                          .about = "The configured pool to ask through.",
                          .required = true});
  }
  parameters.push_back({.name = "as",
                        .type = Parameter::Type::word,
                        .about = "The form of the answer.",
                        .words = words(format::kForms)});
  parameters.push_back({.name = "edition",
                        .type = Parameter::Type::word,
                        .about = "The PowerShell whose output is copied.",
                        .words = words(format::kEditions)});
  parameters.push_back({.name = "view",
                        .type = Parameter::Type::word,
                        .about = "How text is laid out.",
                        .words = words(format::kViews)});
  if (const std::string_view member = collectors::expandable(cmdlet); !member.empty()) {
    parameters.push_back({.name = "expand",
                          .type = Parameter::Type::word,
                          .about = "The items of this member instead of the object.",
                          .words = {std::string(member)}});
  }
  parameters.push_back({.name = "width",
                        .type = Parameter::Type::count,
                        .about = "Columns of the text.",
                        .least = kMinWidth,
                        .most = kMaxWidth});
  parameters.push_back({.name = "max_age",
                        .type = Parameter::Type::count,
                        .about = "A cached answer that is no older, in seconds, will do.",
                        .most = kMaxAgeLimit});
  return parameters;
}

Route query_route(const binding::Cmdlet& cmdlet) {
  std::vector<std::string_view> parameters;
  parameters.reserve(cmdlet.parameters.size() + 1);
  for (const binding::Parameter& parameter : cmdlet.parameters) {
    parameters.push_back(parameter.name);
  }
  if (!collectors::asks_pool(cmdlet)) {
    parameters.emplace_back("via=POOL");
  }
  const std::string_view member = collectors::expandable(cmdlet);
  const std::string own =
      member.empty() ? std::string(kOwnText) : fmt::format("{}, expand={}", kOwnText, member);
  return {Door::query,
          fmt::format("{}{}", kApi, cmdlet.name),
          kRead,
          Runs::live,
          Guard::caller,
          fmt::format("What {} prints: {}; {}.", cmdlet.name, fmt::join(parameters, ", "), own),
          query_parameters(cmdlet)};
}

std::vector<Route> make_routes() {
  std::vector<Route> routes = {
      {Door::index, "/", kRead, Runs::cpu, Guard::origin, "The status of all pairs, for people."},
      {Door::status, "/pools/{fqdn}", kRead, Runs::cpu, Guard::caller,
       "The status of one pool, for people."},
      {Door::asset, "/assets/{name}", kRead, Runs::loop, Guard::origin,
       "Style and script of the pages for people."},
      {Door::events, "/events", kRead, Runs::live, Guard::caller,
       "Server-sent events: what the pages for people show changed."},
      {Door::metrics, std::string(kMetricsPath), kRead, Runs::live, Guard::open,
       "Metrics of all pools for Prometheus."}};
  for (const binding::Cmdlet* const cmdlet : collectors::cmdlets()) {
    routes.push_back(query_route(*cmdlet));
  }
  routes.insert(
      routes.end(),
      {{Door::pools, "/api/v1/pools", kRead, Runs::cpu, Guard::caller,
        "What is known of all pools, as JSON.", pools_parameters(), "Pools"},
       {Door::pool,
        "/api/v1/pools/{fqdn}",
        kRead,
        Runs::cpu,
        Guard::caller,
        "What is known of one pool, as JSON.",
        {{.name = "fqdn",
          .type = Parameter::Type::pool,
          .about = "The pool.",
          .required = true,
          .in_path = true}},
        "Pool"},
       {Door::pairs, "/api/v1/pairs", kRead, Runs::cpu, Guard::caller,
        "Both directions of all pairs, as JSON.", pairs_parameters(), "Pairs"},
       {Door::history, "/api/v1/history", kRead, Runs::cpu, Guard::caller,
        "The last evaluations of a pool (PoolFqdn), newest first, as JSON.", history_parameters(),
        "History"},
       {Door::exports,
        "/api/v1/exports/{fqdn}",
        kPut,
        Runs::live,
        Guard::pusher,
        "PUT pushes an export of a pool, as Export-BackupStatus.ps1 -Uri does.",
        {{.name = "fqdn",
          .type = Parameter::Type::pool,
          .about = "The pool.",
          .required = true,
          .in_path = true}},
        "Problem"},
       {Door::openapi,
        "/api/v1/openapi.json",
        kRead,
        Runs::loop,
        Guard::caller,
        "The API of these pages as an OpenAPI document.",
        {},
        "OpenApi"},
       {Door::probe,
        "/probe",
        kRead,
        Runs::live,
        Guard::caller,
        "Asks one pool now, and answers its metrics for Prometheus: target=POOL, debug=true, "
        "max_age=SECONDS.",
        {{.name = std::string(kTarget),
          .type = Parameter::Type::pool,
          .about = "The pool.",
          .required = true},
         {.name = "debug",
          .type = Parameter::Type::word,
          .about = "What came of it as text for a reader.",
          .words = {"true", "false"}},
         {.name = "max_age",
          .type = Parameter::Type::count,
          .about = "Seconds: a cached answer that is no older will do.",
          .most = kMaxAgeLimit}}},
       {Door::targets, "/http_sd", kRead, Runs::cpu, Guard::caller,
        "The pools as targets of /probe, for http_sd_configs of Prometheus."},
       {Door::config, "/config", kRead, Runs::loop, Guard::caller,
        "The configuration in use, without secrets."},
       {Door::healthy, "/-/healthy", kRead, Runs::loop, Guard::open, "200 while the process runs."},
       {Door::ready, "/-/ready", kRead, Runs::loop, Guard::open,
        "200 once every pool was asked for the first time, 503 before and while stopping."},
       {Door::reload, "/-/reload", kDo, Runs::live, Guard::caller,
        "POST reads the configuration anew; with --web.enable-lifecycle."}});
  return routes;
}

/// What comes before `{name}`.
std::string_view fixed_part(const Route& route) {
  return std::string_view(route.pattern).substr(0, route.pattern.find('{'));
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
  const auto found = std::ranges::find_if(routes(), [&](const Route& route) {
    const std::string_view fixed = fixed_part(route);
    if (fixed.size() == route.pattern.size()) {
      return path == fixed;
    }
    return path.size() > fixed.size() && path.starts_with(fixed) &&
           !path.substr(fixed.size()).contains('/');
  });
  return found == routes().end() ? nullptr : &*found;
}

Status check_metrics_path(std::string_view path) {
  const auto plain = [](char c) { return is_name_character(c) || c == '/' || c == '~'; };
  if (!path.starts_with('/') || path.ends_with('/') || path.size() > kMostMetricsPath ||
      !std::ranges::all_of(path, plain)) {
    return fail(Reason::parse, "http.path", fmt::format("{} is no path for metrics", quote(path)),
                "write / and a name, such as /metrics");
  }
  const Route* const route = find_route(path);
  if (route != nullptr && route->door != Door::metrics) {
    return fail(Reason::parse, "http.path", fmt::format("{} is another page", path),
                "choose another path");
  }
  return {};
}

Doors::Doors(std::string metrics_path) : metrics_(*find_route(kMetricsPath)) {
  metrics_.pattern = std::move(metrics_path);
}

const Route* Doors::find(std::string_view path) const {
  if (path == metrics_.pattern) {
    return &metrics_;
  }
  const Route* const route = find_route(path);
  return route != nullptr && route->door == Door::metrics ? nullptr : route;
}

std::string_view path_value(const Route& route, std::string_view path) {
  return path.substr(std::min(fixed_part(route).size(), path.size()));
}

std::string_view pool_parameter(const Route& route) {
  const auto found = std::ranges::find(route.parameters, Parameter::Type::pool, &Parameter::type);
  return found != route.parameters.end() ? std::string_view(found->name) : std::string_view();
}

std::string area_of(const Route& route) {
  std::string_view path = route.pattern;
  path.remove_prefix(path.starts_with(kApi) ? kApi.size() : 1);
  return std::string(path.substr(0, path.find_first_of("/.")));
}

bool refuses_in_json(const Route& route) {
  return !route.schema.empty() || route.door == Door::probe || route.door == Door::targets;
}

bool allows(const Route& route, std::string_view method) {
  return std::ranges::any_of(split(route.methods, ','),
                             [&](std::string_view one) { return trim(one) == method; });
}

http::Response unknown_path(std::string_view path) {
  if (path.starts_with(kApi)) {
    return problem_json(404,
                        {Reason::not_found,
                         "http.no_page",
                         "there is no such page",
                         "/api/v1/openapi.json names the ones there are",
                         {},
                         Stage::none},
                        {}, {});
  }
  return http::text_response(404, "404: there is no such page; / lists the ones there are");
}

http::Response wrong_method(const Route& route) {
  std::string message = fmt::format("{} knows the methods {}", route.pattern, route.methods);
  http::Response response = refuses_in_json(route) ? problem_json(405,
                                                                  {Reason::protocol,
                                                                   "http.method",
                                                                   std::move(message),
                                                                   "use one of these",
                                                                   {},
                                                                   Stage::none},
                                                                  {}, {})
                                                   : http::text_response(405, "405: " + message);
  response.headers.push_back({"Allow", std::string(route.methods)});
  return response;
}

}  // namespace sfb::serve
