// The URL of a server, as a value. Pure.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb {

/// `http://host[:port][/path]` or `https://...`, without user, query and fragment.
struct Url {
  bool tls = false;
  std::string host;  ///< a name in lower case or an IP address, IPv6 without brackets
  std::uint16_t port = 0;
  std::string path = "/";

  /// For the Host header: 80 of http and 443 of https are left out.
  std::string host_port() const;
  /// str() writes host_port(); with_port() always writes the port. parse_url reads both.
  std::string str() const;
  std::string with_port() const;

  bool operator==(const Url&) const = default;
};

/// 80 or 443.
std::uint16_t web_port(bool tls, std::string_view path);

/// What holds where the text has none.
struct UrlDefaults {
  std::string_view path = "/";  ///< also where no more than `/` is written
  std::uint16_t (*port)(bool tls, std::string_view path) = web_port;
};

/// Reason::parse, code `url.invalid` or `fqdn.invalid`. The message does not repeat a text that may
/// hold a password.
Result<Url> parse_url(std::string_view text, const UrlDefaults& defaults = {});

}  // namespace sfb
