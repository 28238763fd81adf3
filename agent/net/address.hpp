// Where to listen, as the operator writes it.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::net {

/// A TCP address (host and port) or, when `path` is set, a unix socket.
struct ListenAddress {
  std::string host;        ///< IP literal without brackets, or a name; empty = every interface
  std::uint16_t port = 0;  ///< 0 = the system chooses
  std::string path;        ///< of a unix socket, absolute

  bool is_unix() const { return !path.empty(); }
  /// Only callers on this machine can reach it: a unix socket, a loopback literal or `localhost`.
  bool is_loopback() const;
  /// The spelling `parse_listen_address` reads: `[::1]:9943`, `:9943`, `unix:/run/x.sock`.
  std::string str() const;

  bool operator==(const ListenAddress&) const = default;
};

/// `127.0.0.1:9943`, `:9943`, `[::1]:9943`, `host:9943` or `unix:/path`.
/// Reason::parse, code `address.invalid`.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// The literal of an address of this machine alone: 127.0.0.0/8, ::1, also ::ffff:127.0.0.1.
bool is_loopback(std::string_view ip_literal);

/// `host:port`, with brackets around an IPv6 literal.
std::string host_port(std::string_view host, std::uint16_t port);

}  // namespace sfb::net
