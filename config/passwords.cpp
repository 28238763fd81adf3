#include "config/passwords.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <array>

namespace sfb::config {

namespace {

// `-password` of `-password=x`; the whole text where nothing is set.
std::string_view option_of(std::string_view argument) {
  return argument.substr(0, argument.find_first_of("=:"));
}

bool is_password_option(std::string_view option) {
  constexpr std::array<std::string_view, 4> kWords = {"password", "passwd", "passphrase", "secret"};
  // These name a place where it stands.
  constexpr std::array<std::string_view, 4> kPlaces = {"file", "path", "prompt", "env"};
  const std::string name = to_lower(option);
  const auto within = [&](std::string_view word) { return name.contains(word); };
  return name.starts_with('-') && std::ranges::any_of(kWords, within) &&
         std::ranges::none_of(kPlaces, within);
}

bool is_user_option(std::string_view option) {
  constexpr std::array<std::string_view, 4> kUsers = {"-u", "--user", "--username", "-user"};
  return std::ranges::any_of(kUsers, [&](std::string_view one) { return iequals(one, option); });
}

// Something on both sides of the first colon.
bool is_pair(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 < text.size();
}

}  // namespace

bool holds_account(std::string_view text) {
  for (std::size_t colon = text.find(':'); colon != std::string_view::npos;
       colon = text.find(':', colon + 1)) {
    const std::size_t end = std::min(text.find_first_of(" \t@", colon), text.size());
    const bool password = end < text.size() && text[end] == '@' && end > colon + 1 &&
                          text[colon + 1] != '/' && text[colon + 1] != '\\';
    if (password && colon > 0 && is_name_character(text[colon - 1])) {
      return true;
    }
  }
  return false;
}

std::optional<std::size_t> password_among(std::span<const std::string> arguments) {
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const std::string_view option = option_of(argument);
    const std::string_view before = i > 1 ? std::string_view(arguments[i - 1]) : "";
    const bool set = option.size() + 1 < argument.size();
    const bool value = !argument.empty() && !argument.starts_with('-');
    if (holds_account(argument) || (set && is_password_option(option)) ||
        (set && is_user_option(option) && is_pair(argument.substr(option.size() + 1))) ||
        (value && is_password_option(before)) ||
        (value && is_user_option(before) && is_pair(argument))) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace sfb::config
