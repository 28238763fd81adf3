#include "agent/http/request_ids.hpp"

#include "agent/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace sfb::http {
namespace {

constexpr std::size_t kRequestIdLength = 64;

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kRequestIdLength &&
         std::ranges::all_of(text, is_name_character);
}

}  // namespace

std::string RequestIds::of(const Request& request) {
  std::string id;
  set(id, request);
  return id;
}

void RequestIds::set(std::string& id, const Request& request) {
  const std::string* given = request.header("X-Request-Id");
  id.clear();
  if (given != nullptr && is_request_id(*given)) {
    id = *given;
  } else {
    fmt::format_to(std::back_inserter(id), "{:016x}", random_());
  }
}

std::string RequestIds::made() {
  return fmt::format("{:016x}", random_());
}

}  // namespace sfb::http
