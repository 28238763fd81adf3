// Where to listen, as the operator writes it.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <optional>
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
/// `default_port` counts where no port is written; without it one must be. Reason::parse, code
/// `address.invalid`.
Result<ListenAddress> parse_listen_address(std::string_view text,
                                           std::optional<std::uint16_t> default_port = {});

/// The literal of an address of this machine alone: 127.0.0.0/8, ::1, also ::ffff:127.0.0.1.
bool is_loopback(std::string_view ip_literal);

}  // namespace sfb::net
