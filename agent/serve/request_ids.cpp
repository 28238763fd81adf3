#include "agent/serve/request_ids.hpp"

#include "agent/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace sfb::serve {
namespace {

constexpr std::size_t kRequestIdLength = 64;

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kRequestIdLength &&
         std::ranges::all_of(text, is_name_character);
}

}  // namespace

std::string RequestIds::of(const http::Request& request) {
  const std::string* given = request.header("X-Request-Id");
  return given != nullptr && is_request_id(*given) ? *given : fmt::format("{:016x}", random_());
}

}  // namespace sfb::serve
