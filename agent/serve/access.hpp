// Who may ask. Pure functions over a request.
#pragma once

#include "agent/base/error.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/caller.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sfb::serve {

enum class Anonymous : std::uint8_t { none, loopback, any };

struct AccessOptions {
  Anonymous allow_anonymous = Anonymous::none;
  /// Host names and addresses (without port, lower case) a request may name: listen addresses,
  /// names of this machine, --web.allowed-host.
  std::vector<std::string> hosts;
};

/// nullopt: go on. Else the refusal: 403 without an identity, 400/403 for a foreign Host (DNS
/// rebinding) or Sec-Fetch-Site: cross-site. A request in HTTP/1.0 or
/// with a header that proxies write (Forwarded, X-Forwarded-*, Via, X-Real-IP, X-Envoy-* and their
/// like) is not loopback, over a unix socket neither.
struct Denied {
  int status = 403;
  std::string code;  ///< access.anonymous, access.host, access.cross_site
  std::string message;
  std::string remedy = {};
};

/// As an error: a Host header that is none is no request that can be understood, all else is
/// forbidden.
Error error_of(const Denied& denied);

/// The half that `/` needs too: Host and Sec-Fetch-Site, whoever asks.
std::optional<Denied> check_origin(const http::Request& request, const AccessOptions& options);

/// Both halves: where the request comes from, and whether its caller may ask. A user who logged in
/// may no more than somebody anonymous: nothing says yet which users may run the cmdlet.
std::optional<Denied> check_access(const http::Request& request, const AccessOptions& options,
                                   const Caller& caller = {});

}  // namespace sfb::serve
