#include "config/url.hpp"

#include "agent/base/fqdn.hpp"
#include "agent/base/text.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace sfb::config {

namespace {

constexpr std::string_view kExample = "write it as https://server.example.com:5986/wsman";
constexpr std::string_view kWsman = "/wsman";
constexpr std::size_t kMostUrl = 2048;

std::unexpected<Error> invalid(std::string message, std::string_view remedy = kExample) {
  return fail(Reason::parse, "url.invalid", std::move(message), std::string(remedy));
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Characters of a path as RFC 3986 has them.
bool is_path(std::string_view path) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '%') {
      if (i + 2 >= path.size() || !is_hex(path[i + 1]) || !is_hex(path[i + 2])) {
        return false;
      }
      continue;
    }
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
    if (!word && std::string_view("-._~!$&'()*+,;=:/").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || after != end || port == 0) {
    return std::nullopt;
  }
  return port;
}

}  // namespace

Result<std::string> check_host(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return invalid("has a user name or password in it", "write the host alone");
  }
  if (text.find(':') != std::string_view::npos) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    std::array<char, INET6_ADDRSTRLEN> spelling{};
    if (::inet_pton(AF_INET6, std::string(text).c_str(), address.data()) != 1 ||
        ::inet_ntop(AF_INET6, address.data(), spelling.data(), spelling.size()) == nullptr) {
      return invalid(fmt::format("{} is not a host name or an IP address", quote(text, 100)),
                     "write a name, 192.0.2.1 or 2001:db8::1");
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
    return invalid(fmt::format("{} is not a host name or an IP address", quote(text, 100)),
                   "write a name, 192.0.2.1 or 2001:db8::1");
  }
  return name->str();
}

Result<EndpointUrl> complete_url(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return invalid("has a user name or password in it", "remove it: credentials says who asks");
  }
  // A query may hold a token.
  const std::string_view shown = text.substr(0, text.find_first_of("?#"));
  EndpointUrl url;
  url.tls = istarts_with(text, "https://");
  if (!url.tls && !istarts_with(text, "http://")) {
    return invalid(fmt::format("{} is not an http or https URL", quote(shown, 100)));
  }
  if (shown.size() != text.size()) {
    return invalid(fmt::format("{} has a query or a fragment", quote(shown, 100)),
                   "remove what begins with ? or #");
  }
  const std::string_view rest = text.substr(text.find("//") + 2);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view path = rest.substr(slash);
  std::string_view host = rest.substr(0, slash);
  if (text.size() > kMostUrl || !is_path(path)) {
    return invalid(fmt::format("{} is not the path of a URL", quote(path, 100)));
  }
  // The colon before a port stands behind the bracket of an IPv6 address.
  const bool bracketed = host.starts_with('[') && host.find(']') != std::string_view::npos;
  const std::size_t colon = host.find(':', bracketed ? host.find(']') : 0);
  std::optional<std::uint16_t> port;
  if (colon != std::string_view::npos) {
    port = parse_port(host.substr(colon + 1));
    if (!port) {
      return invalid(fmt::format("{} is not a port", quote(host.substr(colon + 1), 60)),
                     host.find(':', colon + 1) == std::string_view::npos
                         ? "must be a number from 1 to 65535"
                         : "write an IPv6 address in brackets: https://[2001:db8::1]:5986/wsman");
    }
    host = host.substr(0, colon);
  }
  if (bracketed && !host.ends_with(']')) {
    return invalid(fmt::format("{} is not a host name or an IP address", quote(host, 100)));
  }
  auto name = check_host(bracketed ? host.substr(1, host.size() - 2) : host);
  if (!name) {
    return std::unexpected(std::move(name.error()));
  }
  if (bracketed && name->find(':') == std::string::npos) {
    return invalid(fmt::format("{} is not an IPv6 address", quote(host, 100)));
  }
  if (path.empty() || path == "/") {
    path = kWsman;
  }
  if (!port) {
    const bool winrm = iequals(path, kWsman);
    port = static_cast<std::uint16_t>(url.tls ? (winrm ? 5986 : 443) : (winrm ? 5985 : 80));
  }
  const bool brackets = name->find(':') != std::string::npos;
  url.text = fmt::format("{}://{}{}{}:{}{}", url.tls ? "https" : "http", brackets ? "[" : "", *name,
                         brackets ? "]" : "", *port, path);
  return url;
}

}  // namespace sfb::config
