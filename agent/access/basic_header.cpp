#include "agent/access/basic_header.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"

#include <utility>

namespace sfb::access {

std::optional<Credentials> read_basic(std::string_view value) {
  constexpr std::string_view kScheme = "Basic ";
  if (!istarts_with(value, kScheme)) {
    return std::nullopt;
  }
  auto decoded = base64_decode(trim(value.substr(kScheme.size())));
  if (!decoded) {
    return std::nullopt;
  }
  const Secret text(std::move(*decoded));
  const std::size_t colon = text.reveal().find(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  return Credentials{std::string(text.reveal().substr(0, colon)),
                     Secret(std::string(text.reveal().substr(colon + 1)))};
}

}  // namespace sfb::access
