#include "config/endpoints_push.hpp"

#include "agent/base/text.hpp"
#include "agent/identity/sid.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::config {

namespace {

constexpr std::size_t kMostPusherName = 256;
constexpr std::string_view kFromRemedy =
    "say who may push: {tokens: [NAME]}, with the name of an entry of authorization.tokens; or "
    "users, certificates, principals";

std::string pusher_mistake(std::string_view key, std::string_view name) {
  if (name.empty() || name.size() > kMostPusherName || !is_printable(name)) {
    return "is no name: 1 to 256 characters, none of them a control character";
  }
  const std::size_t at = name.find('@');
  if (key == "principals" && istarts_with(name, "S-1-")) {
    return identity::Sid::parse(name) ? "" : "is no SID";
  }
  if (key == "principals" && (at == 0 || at == std::string_view::npos || at + 1 == name.size())) {
    return "has no realm";
  }
  return {};
}

std::vector<std::string> read_pushers(Section& from, std::string_view key) {
  auto names = from.texts(key);
  if (!names) {
    return {};
  }
  for (const std::string& name : *names) {
    if (const std::string mistake = pusher_mistake(key, name); !mistake.empty()) {
      from.problem(key, "holds an entry that " + mistake,
                   key == "principals" ? "write it as 'ATL-FE-001$@LITWAREINC.COM', or as the SID "
                                         "of an account or group"
                                       : "write the name that the caller proves");
    }
  }
  return std::move(*names);
}

}  // namespace

void read_push_keys(Section& section, const Context& context, DraftEndpoint& endpoint) {
  Push& push = endpoint.value.transport.emplace<Push>();
  endpoint.max_age_at = section.find("max_age");
  const auto max_age = section.duration("max_age");
  if (endpoint.max_age_at != nullptr) {
    // A refused value compares with nothing; the default was not meant.
    push.max_age = max_age.value_or(std::chrono::milliseconds(0));
  }
  endpoint.max_age_known = true;
  const Node* const node = section.find("from");
  if (node == nullptr || node->kind != Node::Kind::map) {
    section.problem("from", node == nullptr ? "is missing" : "is not a map",
                    std::string(kFromRemedy));
    return;
  }
  const std::size_t problems_before = context.problems.count();
  Section from(*node, section.key_of("from"), context.problems);
  push.from.tokens = read_pushers(from, "tokens");
  push.from.users = read_pushers(from, "users");
  push.from.certificates = read_pushers(from, "certificates");
  push.from.principals = read_pushers(from, "principals");
  endpoint.from_tokens_at = from.find("tokens");
  from.finish();
  if (push.from == Pushers{} && context.problems.count() == problems_before) {
    section.problem("from", "names nobody", std::string(kFromRemedy));
  }
}

}  // namespace sfb::config
