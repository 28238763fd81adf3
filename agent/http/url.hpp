// The address of an endpoint, parsed. Pure.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::http {

/// `http://host[:port][/path]` or `https://...`, without user, query and fragment.
struct HttpUrl {
  bool tls = false;
  std::string host;  ///< lower case; an IPv6 literal without brackets
  std::uint16_t port = 0;
  std::string path = "/";

  std::string host_port() const;  ///< for the Host header: the default port is left out
  std::string str() const;
};
/// Without a port: 80 or 443. Reason::parse, code `url.invalid`.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace sfb::http
