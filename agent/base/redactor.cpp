#include "agent/base/redactor.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace sfb {

void Redactor::hide(std::string_view secret, std::size_t harmless) {
  if (secret.size() < kShortest) {
    return;
  }
  const std::size_t least = std::min(secret.size(), harmless == kWhole ? kWhole : harmless + 1);
  const auto known = std::ranges::find_if(
      patterns_, [&](const Pattern& pattern) { return pattern.secret.reveal() == secret; });
  if (known != patterns_.end()) {
    known->least = std::min(known->least, least);
    return;
  }
  if (patterns_.size() == kMost) {
    patterns_.pop_front();
  }
  patterns_.push_back({Secret(std::string(secret)), least});
}

namespace {

struct Entity {
  std::string bytes;     ///< what it stands for, UTF-8
  std::size_t size = 0;  ///< of its name with `&` and `;`; 0: there is none
};

// `text` begins with `&`.
Entity entity_of(std::string_view text) {
  constexpr std::size_t kLongest = 32;  // `&#x10FFFF;`, and zeros before the number
  const std::size_t end = text.substr(0, kLongest).find(';');
  if (end == std::string_view::npos) {
    return {};
  }
  const std::string_view name = text.substr(1, end - 1);
  for (const auto& [known, bytes] :
       {std::pair{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}}) {
    if (iequals(name, known)) {
      return {bytes, end + 1};
    }
  }
  if (!name.starts_with('#')) {
    return {};
  }
  const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
  const std::string_view digits = name.substr(hex ? 2 : 1);
  std::uint32_t code = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (error != std::errc() || stop != digits.data() + digits.size() || code > 0x10FFFF) {
    return {};
  }
  Entity entity{{}, end + 1};
  append_utf8(entity.bytes, static_cast<char32_t>(code));
  return entity;
}

// How many bytes of `text` are a beginning of `secret`; `least` of the secret's must be there, else
// absent.
std::optional<std::size_t> agreement(std::string_view text, std::string_view secret,
                                     std::size_t least) {
  std::size_t at = 0;
  std::size_t same = 0;
  while (at < text.size() && same < secret.size()) {
    const Entity entity = text[at] == '&' ? entity_of(text.substr(at)) : Entity{};
    const bool as_entity = entity.size > 0 && secret.substr(same).starts_with(entity.bytes);
    if (as_entity && secret[same] == '&') {
      // The secret itself may hold `&amp;`: both ways are gone, and part at the next letter.
      const auto rest = [&](std::size_t size) {
        const auto more = agreement(text.substr(at + size), secret.substr(same + 1),
                                    least - std::min(least, same + 1));
        return more ? std::optional(at + size + *more) : std::nullopt;
      };
      return std::max(rest(1), rest(entity.size));
    }
    if (!as_entity && text[at] != secret[same]) {
      break;
    }
    at += as_entity ? entity.size : 1;
    same += as_entity ? entity.bytes.size() : 1;
  }
  return same >= least ? std::optional(at) : std::nullopt;
}

}  // namespace

// How many bytes at the text's beginning are a secret's.
std::size_t Redactor::match(std::string_view text) const {
  std::size_t longest = 0;
  for (const Pattern& pattern : patterns_) {
    longest =
        std::max(longest, agreement(text, pattern.secret.reveal(), pattern.least).value_or(0));
  }
  return longest;
}

std::string Redactor::operator()(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t hidden = match(text.substr(at));
    if (hidden == 0) {
      out += text[at++];
    } else {
      out += "***";
      at += hidden;
    }
  }
  return out;
}

}  // namespace sfb
