#include "agent/identity/sid.hpp"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace sfb::identity {

namespace {

constexpr std::uint64_t kMostAuthority = (1ULL << 48U) - 1;
constexpr std::size_t kHead = 8;  // revision, count, authority

// Digits and nothing else, no sign and no blank.
template <typename Number>
std::optional<Number> whole(std::string_view text, int base = 10) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::optional<std::uint64_t> authority(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const auto number =
      hexadecimal ? whole<std::uint64_t>(text.substr(2), 16) : whole<std::uint64_t>(text);
  return number && *number <= kMostAuthority ? number : std::nullopt;
}

}  // namespace

std::optional<Sid> Sid::parse(std::string_view text) {
  if (!text.starts_with("S-1-") && !text.starts_with("s-1-")) {
    return std::nullopt;
  }
  text.remove_prefix(4);
  Sid sid;
  for (bool first = true;; first = false) {
    const std::size_t dash = text.find('-');
    const std::string_view part = text.substr(0, dash);
    if (first) {
      const auto number = authority(part);
      if (!number) {
        return std::nullopt;
      }
      sid.authority_ = *number;
    } else {
      const auto number = whole<std::uint32_t>(part);
      if (!number || sid.count_ == kMostParts) {
        return std::nullopt;
      }
      sid.parts_.at(sid.count_++) = *number;
    }
    if (dash == std::string_view::npos) {
      break;
    }
    text.remove_prefix(dash + 1);
  }
  return sid.count_ > 0 ? std::optional(sid) : std::nullopt;
}

std::optional<Sid> Sid::from_bytes(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  if (bytes.size() < kHead || byte(0) != 1 || byte(1) == 0 || byte(1) > kMostParts ||
      bytes.size() != kHead + 4UL * byte(1)) {
    return std::nullopt;
  }
  Sid sid;
  sid.count_ = byte(1);
  for (std::size_t i = 2; i < kHead; ++i) {
    sid.authority_ = sid.authority_ << 8U | byte(i);
  }
  for (std::size_t i = 0; i < sid.count_; ++i) {
    for (std::size_t j = 4; j-- > 0;) {
      sid.parts_.at(i) = sid.parts_.at(i) << 8U | byte(kHead + 4 * i + j);
    }
  }
  return sid;
}

std::optional<Sid> Sid::with(std::uint32_t relative) const {
  if (count_ == kMostParts) {
    return std::nullopt;
  }
  Sid sid = *this;
  sid.parts_.at(sid.count_++) = relative;
  return sid;
}

std::string Sid::str() const {
  std::string text = authority_ < 1ULL << 32U ? fmt::format("S-1-{}", authority_)
                                              : fmt::format("S-1-0x{:012X}", authority_);
  for (std::size_t i = 0; i < count_; ++i) {
    text += fmt::format("-{}", parts_.at(i));
  }
  return text;
}

}  // namespace sfb::identity
