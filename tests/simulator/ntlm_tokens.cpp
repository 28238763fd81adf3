#include "tests/simulator/ntlm_tokens.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sim {

namespace {

constexpr std::string_view kBegin("NTLMSSP\0\3\0\0\0", 12);
constexpr std::size_t kProofAndHead = 16 + 28;  // of an NTLMv2 response, before its AV pairs
constexpr unsigned kAvEnd = 0;
constexpr unsigned kAvTargetName = 9;
constexpr unsigned kAvChannelBindings = 10;

// Little endian; what lies outside is 0.
std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value =
        (value << 8U) | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
  }
  return value;
}

// The payload that a field (length, room, offset) points to.
std::string_view field(std::string_view message, std::size_t at) {
  const std::size_t offset = little_endian(message, at + 4, 4);
  return offset > message.size() ? std::string_view()
                                 : message.substr(offset, little_endian(message, at, 2));
}

std::string wide(std::string_view bytes) {
  std::u16string text;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    text.push_back(static_cast<char16_t>(little_endian(bytes, i, 2)));
  }
  return sfb::from_utf16(text);
}

}  // namespace

std::optional<NtlmAuthenticate> read_ntlm_authenticate(std::string_view token) {
  const auto begin = token.find(kBegin);
  if (begin == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view message = token.substr(begin);
  NtlmAuthenticate read;
  const bool unicode = (little_endian(message, 60, 4) & 1U) != 0;
  const auto text = [&](std::size_t at) {
    return unicode ? wide(field(message, at)) : std::string(field(message, at));
  };
  read.domain = text(28);
  read.user = text(36);
  const std::string_view response = field(message, 20);
  for (std::size_t at = kProofAndHead; at + 4 <= response.size();) {
    const std::uint32_t id = little_endian(response, at, 2);
    const std::string_view value = response.substr(at + 4, little_endian(response, at + 2, 2));
    at += 4 + value.size();
    if (id == kAvEnd) {
      break;
    }
    if (id == kAvTargetName) {
      read.target = wide(value);
    } else if (id == kAvChannelBindings) {
      // Windows clients without bindings send zeros.
      read.bound = std::ranges::any_of(value, [](char one) { return one != 0; });
    }
  }
  return read;
}

}  // namespace sim
