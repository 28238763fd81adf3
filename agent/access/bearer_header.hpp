// The header `Authorization: Bearer` of a caller (RFC 6750). Pure.
#pragma once

#include "agent/base/secret.hpp"

#include <optional>
#include <string_view>

namespace sfb::access {

/// Reads the value of an Authorization header: `Bearer` in any case, blanks, the token. Nothing for
/// anything else, nor for a token that is none (is_bearer_token).
std::optional<Secret> read_bearer(std::string_view value);

}  // namespace sfb::access
