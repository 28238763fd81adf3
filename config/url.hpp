// Addresses of servers as people write them. Pure; stricter than what the connection accepts.
#pragma once

#include "agent/base/error.hpp"

#include <string>
#include <string_view>

namespace sfb::config {

/// A checked URL of an endpoint.
struct EndpointUrl {
  bool tls = false;
  std::string text;  ///< completed, in one spelling
};

/// `http://host[:port][/path]` or `https://...`, without user, query and fragment. An empty path
/// becomes /wsman. Without a port /wsman gets WinRM's 5985 or 5986, every other path (OcsPowershell
/// of a front end's web services, for one) 80 or 443. Reason::parse, code `url.invalid`; a text
/// that may hold a password is not repeated in the message.
Result<EndpointUrl> complete_url(std::string_view text);

/// A host name or an IP address (IPv6 without brackets), in one spelling. Reason::parse, code
/// `url.invalid` or `fqdn.invalid`; what may hold a password is not repeated.
Result<std::string> check_host(std::string_view text);

}  // namespace sfb::config
