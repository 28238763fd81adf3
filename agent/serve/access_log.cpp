#include "agent/serve/access_log.hpp"

#include "agent/base/text.hpp"
#include "agent/serve/query_parse.hpp"
#include "agent/serve/routes.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace sfb::serve {
namespace {

/// What the answer says of itself, by header.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTold = {
    {{"outcome", "X-Outcome"}, {"reason", "X-Reason"}, {"source", "X-Evaluation-Source"}}};

}  // namespace

std::vector<LogField> query_fields(const http::Request& request, const Caller& caller,
                                   const std::string& request_id, const http::Response& response,
                                   std::chrono::nanoseconds took) {
  std::vector<LogField> fields;
  const auto add = [&](std::string_view key, std::string value) {
    if (!value.empty()) {
      fields.push_back({key, std::move(value)});
    }
  };
  add("user", std::string(cut_utf8(caller.user)));
  add("peer", request.peer.address);
  add("cmdlet", cmdlet_of(request.path).name);
  if (const auto query = parse_query_request(request, request_id)) {
    add("pool", query->question.pool.str());
    add("parameters", collectors::parameters_text(query->question));
  }
  add("status", std::to_string(response.status));
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
