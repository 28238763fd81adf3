#include "agent/auth/challenge.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sfb::auth {

namespace {

// The names are shown and kept: no server offers more or longer ones.
constexpr std::size_t kMaxChallenges = 16;
constexpr std::size_t kMaxName = 64;

// RFC 9110 token characters.
bool is_token(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return is_letter_or_digit(c) || kMarks.contains(c);
}

bool is_token68(char c) {
  constexpr std::string_view kMarks = "-._~+/";
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

// The whole text, if it is a token68; a parameter has something behind its `=`.
std::string_view token_of(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_token68);
  const std::string_view padding(end, text.end());
  return padding.find_first_not_of('=') == std::string_view::npos ? text : std::string_view();
}

// A list mixes challenges and parameters: `Basic realm="x", charset="UTF-8", Negotiate`. A
// parameter is a name with `=` behind it.
std::optional<Challenge> challenge_of(std::string_view element) {
  element = trim(element);
  const auto end = std::ranges::find_if_not(element, is_token);
  const std::string_view name(element.begin(), end);
  std::string_view rest(end, element.end());
  const bool separated = rest.empty() || rest.front() == ' ' || rest.front() == '\t';
  rest = trim(rest);
  if (name.empty() || name.size() > kMaxName || !separated || rest.starts_with('=')) {
    return std::nullopt;
  }
  return Challenge{std::string(name), std::string(token_of(rest))};
}

}  // namespace

std::vector<Challenge> challenges_of(std::span<const std::string> values) {
  std::vector<Challenge> challenges;
  for (std::string_view rest : values) {
    while (!rest.empty() && challenges.size() < kMaxChallenges) {
      const std::size_t end = element_end(rest);
      if (auto challenge = challenge_of(rest.substr(0, end))) {
        challenges.push_back(std::move(*challenge));
      }
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return challenges;
}

std::optional<Challenge> find_challenge(std::span<const std::string> values,
                                        std::string_view scheme) {
  for (Challenge& challenge : challenges_of(values)) {
    if (iequals(challenge.scheme, scheme)) {
      return std::move(challenge);
    }
  }
  return std::nullopt;
}

std::vector<std::string> offered_schemes(std::span<const std::string> values) {
  std::vector<std::string> schemes;
  for (Challenge& challenge : challenges_of(values)) {
    const bool known = std::ranges::any_of(
        schemes, [&](const std::string& other) { return iequals(other, challenge.scheme); });
    if (!known) {
      schemes.push_back(std::move(challenge.scheme));
    }
  }
  return schemes;
}

std::string_view other_logon(std::span<const std::string> values) {
  const auto offers = [&](std::string_view scheme) {
    return find_challenge(values, scheme).has_value();
  };
  if (offers("Negotiate") || offers("Kerberos")) {
    return "it takes Kerberos: write method: kerberos into the credentials";
  }
  if (offers("NTLM")) {
    return "it takes NTLM: write method: ntlm into the credentials";
  }
  if (offers("Basic")) {
    return "it takes Basic: write method: basic into the credentials, and https into url";
  }
  return "it takes no logon of this agent: ask it over transport ssh, or let a scheduled task "
         "export for transport file";
}

}  // namespace sfb::auth
