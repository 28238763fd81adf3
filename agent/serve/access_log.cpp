#include "agent/serve/access_log.hpp"

#include "agent/base/text.hpp"
#include "agent/serve/api_parameters.hpp"
#include "agent/serve/query_parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>

namespace sfb::serve {
namespace {

/// What the answer says of itself, by header.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kTold = {
    {{"outcome", "X-Outcome"},
     {"reason", "X-Reason"},
     {"source", "X-Evaluation-Source"},
     {"evaluation", "X-Evaluation-Id"}}};

using Add = std::function<void(std::string_view key, std::string value)>;

void add_question(const Add& add, const http::Request& request, const std::string& request_id) {
  add("cmdlet", cmdlet_of(request.path).name);
  if (const auto query = parse_query_request(request, request_id)) {
    add("pool", query->question.pool.str());
    add("parameters", collectors::parameters_text(query->question));
  }
}

/// The pool that a page was asked for, if the request can be read.
void add_pool(const Add& add, const Route& route, const http::Request& request) {
  const std::string_view in_path = path_value(route, request.path);
  const std::string name(pool_parameter(route));
  if (route.door == Door::status) {
    const auto pool = Fqdn::parse(in_path);
    add("pool", pool ? pool->str() : "");
  } else if (!name.empty()) {
    const auto given = read_parameters(route.parameters, area_of(route), request, in_path);
    const Fqdn* const pool = given ? given->get<Fqdn>(name) : nullptr;
    add("pool", pool != nullptr ? pool->str() : "");
  }
}

/// Pages that show what is known of pools, or the configuration. Not the metrics, which every
/// scrape reads; and a push has a line of its own (live_push).
bool is_read(Door door) {
  constexpr std::array kDoors = {Door::index, Door::status,  Door::events,  Door::pools, Door::pool,
                                 Door::pairs, Door::history, Door::targets, Door::config};
  return std::ranges::find(kDoors, door) != kDoors.end();
}

/// A browser waits for events in one request after the other, a few a minute. Each but the first
/// names what it has seen; the answer tells only that there is something new, and reading that is a
/// request of its own.
bool goes_on(const Route* route, const http::Request& request, const http::Response& response) {
  return route != nullptr && route->door == Door::events && response.status == 200 &&
         request.header("Last-Event-ID") != nullptr;
}

}  // namespace

bool is_refused(const Route* route, const http::Response& response) {
  const std::string* const reason = response.header("X-Reason");
  const bool empty_page = route != nullptr && route->door == Door::index && reason != nullptr;
  return response.status == 401 || response.status == 403 || empty_page;
}

bool is_bounded(const Route* route, const http::Response& response) {
  constexpr std::array kStrangers = {400U, 429U, 503U};  // anybody can cause them
  return is_refused(route, response) ||
         std::ranges::find(kStrangers, static_cast<unsigned>(response.status)) !=
             kStrangers.end() ||
         (response.status >= 400 && access_event(route, response) == "read");
}

std::string_view access_event(const Route* route, const http::Response& response) {
  const Door door = route == nullptr ? Door::asset : route->door;
  return door == Door::query                             ? "query"
         : door == Door::probe                           ? "probe"
         : door == Door::reload                          ? "reload"
         : is_read(door) && !is_refused(route, response) ? "read"
                                                         : "refused";
}

bool is_access(const Route* route, const http::Request& request, const http::Response& response) {
  if (is_refused(route, response)) {
    return response.status != 401 || !request.authorization.empty();
  }
  return access_event(route, response) != "refused" && response.status != 405 &&
         !goes_on(route, request, response);
}

std::vector<LogField> access_fields(const Route* route, const http::Request& request,
                                    const access::Caller& caller, const std::string& request_id,
                                    const http::Response& response, std::chrono::nanoseconds took) {
  std::vector<LogField> fields;
  const Add add = [&](std::string_view key, std::string value) {
    if (!value.empty()) {
      fields.push_back({key, std::move(value)});
    }
  };
  if (caller.proof != access::Proof::none) {
    add("user", std::string(cut_utf8(caller.name)));
    add("proof", std::string(access::to_string(caller.proof)));
  }
  add("peer", request.peer.address);
  if (route != nullptr && route->door == Door::query) {
    add_question(add, request, request_id);
  } else {
    add("page", route == nullptr ? "other" : route->pattern);
    if (route != nullptr) {
      add_pool(add, *route, request);
    }
  }
  add("status", std::to_string(response.status));
  if (access_event(route, response) == "read" && response.header("X-Outcome") == nullptr) {
    add("outcome", response.status < 400 ? "good" : "failed");
  }
  for (const auto& [key, header] : kTold) {
    if (const std::string* const value = response.header(header)) {
      add(key, *value);
    }
  }
  add("duration", fmt::format("{:.6f}", to_seconds(took)));
  add("request_id", request_id);
  return fields;
}

}  // namespace sfb::serve
