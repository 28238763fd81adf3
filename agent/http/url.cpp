#include "agent/http/url.hpp"

#include "agent/base/text.hpp"
#include "agent/net/address.hpp"

#include <boost/asio/ip/address_v6.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sfb::http {

namespace {

constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;

std::unexpected<Error> invalid(std::string_view text, std::string_view why) {
  // What stands before an @ may be a password.
  const bool secret = text.find('@') != std::string_view::npos;
  return fail(Reason::parse, "url.invalid",
              fmt::format("{} is not an address of a server: {}",
                          secret ? "the URL" : quote(text, 200), why),
              "write http://host:5985/wsman or https://host:5986/wsman");
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

std::string HttpUrl::host_port() const {
  return port == (tls ? kHttps : kHttp)
             ? (host.find(':') == std::string::npos ? host : fmt::format("[{}]", host))
             : net::host_port(host, port);
}

std::string HttpUrl::str() const {
  return fmt::format("{}://{}{}", tls ? "https" : "http", host_port(), path);
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  HttpUrl url;
  std::string_view rest = text;
  if (istarts_with(rest, "https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (istarts_with(rest, "http://")) {
    rest.remove_prefix(7);
  } else {
    return invalid(text, "it starts with neither http:// nor https://");
  }
  if (std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7F; })) {
    return invalid(text, "it has blanks or characters beyond ASCII");
  }
  if (rest.find('@') != std::string_view::npos) {
    return invalid(text, "it has a user name; that belongs into credentials");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return invalid(text, "it has a query or a fragment");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  if (slash < rest.size()) {
    url.path = rest.substr(slash);
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) {
      return invalid(text, "a bracket is not closed");
    }
    url.host = to_lower(authority.substr(1, end - 1));
    boost::system::error_code error;
    static_cast<void>(boost::asio::ip::make_address_v6(url.host, error));
    // No zone: it is this machine's affair, and neither Host nor a certificate can carry it.
    if (error || url.host.find('%') != std::string::npos) {
      return invalid(text, "what is in brackets is no IPv6 address");
    }
    port = authority.substr(end + 1);
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = to_lower(authority.substr(0, colon));
    if (!is_host(url.host)) {
      return invalid(text, "its host is no host name");
    }
    port = authority.substr(colon);
  }
  url.port = url.tls ? kHttps : kHttp;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), url.port);
    if (port.front() != ':' || port.size() < 2 || error != std::errc() ||
        end != port.data() + port.size() || url.port == 0) {
      return invalid(text, "its port is not 1 to 65535");
    }
  }
  return url;
}

}  // namespace sfb::http
