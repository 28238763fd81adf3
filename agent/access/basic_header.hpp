// The Authorization header of HTTP basic authentication (RFC 7617). Pure.
#pragma once

#include "agent/base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sfb::access {

/// Who somebody says to be. Nothing of it is known to be true, nor to be printable.
struct Credentials {
  std::string user;
  Secret password;
};

/// Reads the value of an Authorization header: `Basic` in any case, base64, a colon behind the
/// user. Nothing for anything else.
std::optional<Credentials> read_basic(std::string_view value);

}  // namespace sfb::access
