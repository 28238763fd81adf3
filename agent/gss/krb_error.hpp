// The KRB-ERROR that a server answers a ticket with: the reason that a bare 401 hides.
#pragma once

#include "agent/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::gss {

struct KrbError {
  std::int32_t code = 0;  ///< as libkrb5 numbers it, such as KRB5KRB_AP_ERR_SKEW
  std::string text;       ///< what libkrb5 says of it
  WallTime server_time;   ///< the server's clock
};

/// From a server's token, also one within SPNEGO; none: it holds no KRB-ERROR. Never throws.
std::optional<KrbError> read_krb_error(std::string_view token);

}  // namespace sfb::gss
