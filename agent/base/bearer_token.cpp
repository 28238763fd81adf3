#include "agent/base/bearer_token.hpp"

#include "agent/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb {

bool is_bearer_token(std::string_view text) {
  const std::size_t end = text.find_last_not_of('=');
  return end != std::string_view::npos && std::ranges::all_of(text.substr(0, end + 1), [](char c) {
           return is_letter_or_digit(c) || std::string_view("-._~+/").contains(c);
         });
}

Status check_token(std::string_view token) {
  constexpr const char* kRemedy = "make one with `openssl rand -hex 32`";
  if (!is_bearer_token(token)) {
    return fail(Reason::process, "secret.token",
                "holds characters that no Bearer token has: it is letters, digits and -._~+/",
                kRemedy);
  }
  if (token.size() < kLeastToken) {
    return fail(Reason::process, "secret.token",
                fmt::format("holds fewer than {} characters, which can be guessed", kLeastToken),
                kRemedy);
  }
  return {};
}

}  // namespace sfb
