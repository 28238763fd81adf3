// Hosts and ports as people write them. Pure.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb {

/// `host`, `host:port`, `[host]` or `[host]:port` in its parts. Views into the text.
struct HostPort {
  std::string_view host;                 ///< without the brackets
  bool bracketed = false;                ///< it stood in brackets, as an IPv6 address does
  std::optional<std::string_view> port;  ///< behind the last colon; absent: there is none
};
/// Does not check them: a host without brackets may hold colons or a single bracket.
HostPort split_host_port(std::string_view text);

/// Digits only, 0 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);

/// `host:port`, with brackets around an IPv6 address.
std::string host_port(std::string_view host, std::uint16_t port);

/// A host name or an IP address (IPv6 without brackets), in one spelling. Reason::parse, code
/// `url.invalid` or `fqdn.invalid`; the message repeats nothing that may hold a password.
Result<std::string> check_host(std::string_view text);

}  // namespace sfb
