#include "agent/base/host_port.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sfb {

namespace {

std::unexpected<Error> no_host(std::string_view text) {
  return fail(Reason::parse, "url.invalid",
              fmt::format("{} is not a host name or an IP address", quote(text, 100)),
              "write a name, 192.0.2.1 or 2001:db8::1");
}

}  // namespace

HostPort split_host_port(std::string_view text) {
  HostPort parts{.host = text, .port = {}};
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon)) {
    parts.host = text.substr(0, colon);
    parts.port = text.substr(colon + 1);
  }
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
    parts.bracketed = true;
  }
  return parts;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || after != end) {
    return std::nullopt;
  }
  return port;
}

std::string host_port(std::string_view host, std::uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

Result<std::string> check_host(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return fail(Reason::parse, "url.invalid", "has a user name or password in it",
                "write the host alone");
  }
  if (text.find(':') != std::string_view::npos) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    std::array<char, INET6_ADDRSTRLEN> spelling{};
    if (::inet_pton(AF_INET6, std::string(text).c_str(), address.data()) != 1 ||
        ::inet_ntop(AF_INET6, address.data(), spelling.data(), spelling.size()) == nullptr) {
      return no_host(text);
    }
    return std::string(spelling.data());
  }
  auto name = Fqdn::parse(text);
  if (!name) {
    return std::unexpected(std::move(name.error()));
  }
  // A last label of digits is no domain: resolvers would read such a text as an address, too.
  const std::string_view last = std::string_view(name->str()).substr(name->str().rfind('.') + 1);
  in_addr address{};
  if (std::ranges::all_of(last, is_digit) &&
      ::inet_pton(AF_INET, name->str().c_str(), &address) != 1) {
    return no_host(text);
  }
  return name->str();
}

}  // namespace sfb
