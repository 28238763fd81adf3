#include "config/url.hpp"

#include "agent/base/text.hpp"

#include <cstdint>

namespace sfb::config {

namespace {

constexpr std::string_view kWsman = "/wsman";

std::uint16_t default_port(bool tls, std::string_view path) {
  if (!iequals(path, kWsman)) {
    return web_port(tls, path);
  }
  return tls ? 5986 : 5985;
}

}  // namespace

Result<Url> complete_url(std::string_view text) {
  return parse_url(text, {.path = kWsman, .port = default_port});
}

}  // namespace sfb::config
