#include "agent/gss/ntlm_challenge.hpp"

#include "agent/base/text.hpp"

#include <cstddef>
#include <cstdint>

namespace sfb::gss {

namespace {

constexpr std::string_view kSignature("NTLMSSP\0\x02\0\0\0", 12);
constexpr std::size_t kTarget = 12;
constexpr std::size_t kFlagsAt = 20;
constexpr std::size_t kInfo = 40;
constexpr std::uint32_t kUnicode = 0x1;
constexpr std::size_t kMaxName = 512;

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0 && at + size <= bytes.size();) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

// A field: length, allocated, offset.
std::string_view field(std::string_view message, std::size_t at) {
  const std::size_t size = number(message, at, 2);
  const std::size_t offset = number(message, at + 4, 4);
  const bool inside = offset <= message.size() && size <= message.size() - offset;
  return inside ? message.substr(offset, size) : std::string_view();
}

std::string utf16(std::string_view bytes) {
  std::u16string units;
  for (std::size_t i = 0; i + 1 < bytes.size() && i < kMaxName; i += 2) {
    units += static_cast<char16_t>(number(bytes, i, 2));
  }
  return from_utf16(units);
}

}  // namespace

std::optional<NtlmChallenge> read_ntlm_challenge(std::string_view token) {
  const std::size_t begin = token.find(kSignature);
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view message = token.substr(begin);
  const std::string_view target = field(message, kTarget);
  NtlmChallenge challenge;
  challenge.target = (number(message, kFlagsAt, 4) & kUnicode) != 0
                         ? utf16(target)
                         : to_utf8_lossy(target.substr(0, kMaxName));
  for (std::string_view info = field(message, kInfo); info.size() >= 4;) {
    const std::uint32_t id = number(info, 0, 2);
    const std::size_t size = number(info, 2, 2);
    if (id == 0 || size > info.size() - 4) {
      break;
    }
    const std::string_view value = info.substr(4, size);
    if (id == 3) {
      challenge.computer = utf16(value);
    } else if (id == 4) {
      challenge.domain = utf16(value);
    }
    info.remove_prefix(4 + size);
  }
  return challenge;
}

}  // namespace sfb::gss
