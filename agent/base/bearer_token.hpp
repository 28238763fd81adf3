// Tokens that a machine proves itself with (RFC 6750). Pure.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <string_view>

namespace sfb {

/// The least characters of a token; fewer can be guessed.
inline constexpr std::size_t kLeastToken = 16;

/// Whether a header can carry it: letters, digits and `-._~+/`, then any `=`.
bool is_bearer_token(std::string_view text);

/// Whether it can be a token of the configuration. Reason::process, code `secret.token`: characters
/// that no header carries, or fewer than kLeastToken. The message has no subject and holds nothing
/// of the token.
Status check_token(std::string_view token);

}  // namespace sfb
