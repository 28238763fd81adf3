#include "agent/net/address.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace sfb::net {

namespace {

namespace ip = boost::asio::ip;

std::unexpected<Error> invalid(std::string_view text, std::string_view why) {
  return fail(Reason::parse, "address.invalid",
              fmt::format("{} is not a listen address: {}", quote(text, 120), why),
              "write 127.0.0.1:9943, :9943, [::1]:9943, host:9943 or unix:/path");
}

bool is_host_name(std::string_view host) {
  return host.size() <= 253 && std::ranges::all_of(host, is_name_character);
}

bool is_ipv6(const std::string& host) {
  boost::system::error_code error;
  static_cast<void>(ip::make_address_v6(host, error));
  return !error;
}

Result<ListenAddress> parse_unix(std::string_view text, std::string_view path) {
  if (!path.starts_with('/') || path.ends_with('/')) {
    return invalid(text, "the socket's path must be absolute and name a file");
  }
  if (path.find('\0') != std::string_view::npos) {
    return invalid(text, "the path holds a NUL character");
  }
  ListenAddress address;
  address.path = path;
  return address;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text,
                                           std::optional<std::uint16_t> default_port) {
  constexpr std::string_view kUnix = "unix:";
  if (text.starts_with(kUnix)) {
    return parse_unix(text, text.substr(kUnix.size()));
  }
  const HostPort parts = split_host_port(text);
  if (!parts.port && !default_port) {
    return invalid(text, "the port is missing");
  }
  const auto port = parts.port ? parse_port(*parts.port) : default_port;
  if (!port) {
    return invalid(text, "the port is not a number from 0 to 65535");
  }
  if (parts.bracketed ? !is_ipv6(std::string(parts.host)) : parts.host.starts_with('[')) {
    return invalid(text, "the text in brackets is not an IPv6 address");
  }
  if (!parts.bracketed && parts.host.find(':') != std::string_view::npos) {
    return invalid(text, "an IPv6 address needs brackets");
  }
  if (!parts.bracketed && !is_host_name(parts.host)) {
    return invalid(text, "the host is neither an address nor a name");
  }
  ListenAddress address;
  address.port = *port;
  address.host = parts.host;
  return address;
}

bool ListenAddress::is_loopback() const {
  return is_unix() || iequals(host, "localhost") || net::is_loopback(host);
}

std::string ListenAddress::str() const {
  return is_unix() ? "unix:" + path : host_port(host, port);
}

bool is_loopback(std::string_view ip_literal) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(ip_literal), error);
  if (error) {
    return false;
  }
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace sfb::net
