#include "agent/base/url.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/host_port.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb {

namespace {

constexpr std::string_view kExample = "write it as https://server.example.com:5986/wsman";
constexpr std::size_t kMostUrl = 2048;

std::unexpected<Error> invalid(std::string message, std::string_view remedy = kExample) {
  return fail(Reason::parse, "url.invalid", std::move(message), std::string(remedy));
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
    if (!is_letter_or_digit(c) &&
        std::string_view("-._~!$&'()*+,;=:/").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// Leaves the port 0 where none is written.
Status read_authority(std::string_view text, Url& url) {
  const HostPort parts = split_host_port(text);
  const bool broken = !parts.bracketed && parts.host.starts_with('[');
  if (!broken && !parts.bracketed && parts.host.find(':') != std::string_view::npos) {
    return invalid(fmt::format("{} is not a port", quote(text.substr(text.find(':') + 1), 60)),
                   "write an IPv6 address in brackets: https://[2001:db8::1]:5986/wsman");
  }
  if (parts.port) {
    url.port = parse_port(*parts.port).value_or(0);
    if (url.port == 0) {
      return invalid(fmt::format("{} is not a port", quote(*parts.port, 60)),
                     "must be a number from 1 to 65535");
    }
  }
  if (broken) {
    return invalid(fmt::format("{} is not a host name or an IP address", quote(parts.host, 100)));
  }
  auto host = check_host(parts.host);
  if (!host) {
    return std::unexpected(std::move(host.error()));
  }
  if (parts.bracketed && host->find(':') == std::string::npos) {
    return invalid(
        fmt::format("{} is not an IPv6 address", quote(fmt::format("[{}]", parts.host), 100)));
  }
  url.host = std::move(*host);
  return {};
}

}  // namespace

std::string Url::host_port() const {
  if (port != web_port(tls, path)) {
    return sfb::host_port(host, port);
  }
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

std::string Url::str() const {
  return fmt::format("{}://{}{}", tls ? "https" : "http", host_port(), path);
}

std::string Url::with_port() const {
  return fmt::format("{}://{}{}", tls ? "https" : "http", sfb::host_port(host, port), path);
}

std::uint16_t web_port(bool tls, std::string_view /*path*/) {
  return tls ? 443 : 80;
}

Result<Url> parse_url(std::string_view text, const UrlDefaults& defaults) {
  if (text.find('@') != std::string_view::npos) {
    return invalid("has a user name or password in it", "remove it: credentials says who asks");
  }
  // A query may hold a token.
  const std::string_view shown = text.substr(0, text.find_first_of("?#"));
  Url url;
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
  url.path = rest.substr(slash);
  if (text.size() > kMostUrl || !is_path(url.path)) {
    return invalid(fmt::format("{} is not the path of a URL", quote(url.path, 100)));
  }
  if (Status read = read_authority(rest.substr(0, slash), url); !read) {
    return std::unexpected(std::move(read.error()));
  }
  if (url.path.empty() || url.path == "/") {
    url.path = defaults.path;
  }
  if (url.port == 0) {
    url.port = defaults.port(url.tls, url.path);
  }
  return url;
}

}  // namespace sfb
