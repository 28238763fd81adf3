#include "agent/auth/scheme.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <algorithm>

namespace sfb::auth {

namespace {

// The names are shown and kept: no server offers more or longer ones.
constexpr std::size_t kMaxSchemes = 16;
constexpr std::size_t kMaxName = 64;

// RFC 9110 token characters.
bool is_token(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return is_letter_or_digit(c) || kMarks.contains(c);
}

// The place of the comma that ends the element; commas in quoted strings do not.
std::size_t element_end(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      return i;
    }
  }
  return text.size();
}

// A list mixes challenges and parameters: `Basic realm="x", charset="UTF-8", Negotiate`. A
// parameter is a name with `=` behind it; empty then.
std::string_view scheme_of(std::string_view element) {
  element = trim(element);
  const auto end = std::ranges::find_if_not(element, is_token);
  const std::string_view name(element.begin(), end);
  const std::string_view rest(end, element.end());
  const bool separated = rest.empty() || rest.front() == ' ' || rest.front() == '\t';
  return separated && !trim(rest).starts_with('=') && name.size() <= kMaxName ? name
                                                                              : std::string_view();
}

}  // namespace

std::vector<std::string> offered_schemes(std::span<const std::string> challenges) {
  std::vector<std::string> schemes;
  for (std::string_view rest : challenges) {
    while (!rest.empty()) {
      const std::size_t end = element_end(rest);
      const std::string_view name = scheme_of(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const bool known = std::ranges::any_of(
          schemes, [&](const std::string& other) { return iequals(other, name); });
      if (!name.empty() && !known && schemes.size() < kMaxSchemes) {
        schemes.emplace_back(name);
      }
    }
  }
  return schemes;
}

}  // namespace sfb::auth
