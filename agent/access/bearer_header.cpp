#include "agent/access/bearer_header.hpp"

#include "agent/base/bearer_token.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <string>

namespace sfb::access {

std::optional<Secret> read_bearer(std::string_view value) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!istarts_with(value, kScheme)) {
    return std::nullopt;
  }
  value.remove_prefix(kScheme.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  value = value.substr(0, value.find_last_not_of(' ') + 1);
  if (!is_bearer_token(value)) {
    return std::nullopt;
  }
  return Secret(std::string(value));
}

}  // namespace sfb::access
