// Who may ask. Pure functions over a request.
#pragma once

#include "agent/access/authorized.hpp"
#include "agent/access/caller.hpp"
#include "agent/base/error.hpp"
#include "agent/http/types.hpp"
#include "agent/serve/routes.hpp"

#include <cstdint>
#include <memory>
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
  /// The groups that may run the cmdlet; null: none.
  std::shared_ptr<const access::Authorized> authorized = {};
  /// A caller can prove an identity with a header: nobody is asked for one before 403.
  bool provable = false;
};

/// nullopt: go on. Else the refusal: 401 without an identity where one can be proven, 403 where
/// none can be, or where the caller is in none of the groups; 400/403 for a foreign Host (DNS
/// rebinding) or Sec-Fetch-Site: cross-site. A request in HTTP/1.0 or with a header that proxies
/// write (Forwarded, X-Forwarded-*, Via, X-Real-IP, X-Envoy-* and their like) is not loopback, over
/// a unix socket neither.
struct Denied {
  int status = 403;
  /// access.anonymous, access.login, access.groups, access.no_pac, access.host, access.cross_site
  std::string code;
  std::string message;
  std::string remedy = {};
  bool operator==(const Denied&) const = default;
};

/// As an error: a Host header that is none is no request that can be understood, without an
/// identity a logon is missing, all else is forbidden.
Error error_of(const Denied& denied);

/// The half that `/` needs too: Host and Sec-Fetch-Site, whoever asks.
std::optional<Denied> check_origin(const http::Request& request, const AccessOptions& options);

/// Both halves: where the request comes from, and whether its caller may ask: as a member of one of
/// the groups, or as anybody may whom `allow_anonymous` lets in.
std::optional<Denied> check_access(const http::Request& request, const AccessOptions& options,
                                   const access::Caller& caller = {});

/// What the guard of a door says. Of a query nothing: it renders its own refusal.
std::optional<Denied> check_door(const Route& route, const http::Request& request,
                                 const AccessOptions& options, const access::Caller& caller);

}  // namespace sfb::serve
