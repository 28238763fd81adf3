#include "agent/access/negotiate_header.hpp"

#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace sfb::access {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kNtlm = "NTLMSSP\0"sv;
// DER of the object identifiers: SPNEGO, Kerberos, and the one that Windows 2000 wrote for it.
constexpr std::array kMechanisms = {"\x06\x06\x2b\x06\x01\x05\x05\x02"sv,
                                    "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"sv,
                                    "\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"sv};

// What is within the one DER element that `bytes` are; empty: they are not one of this tag.
std::string_view content_of(std::string_view bytes, char tag) {
  if (bytes.size() < 2 || bytes[0] != tag) {
    return {};
  }
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  std::size_t size = byte(1);
  std::size_t head = 2;
  if (size >= 0x80U) {
    const std::size_t more = size - 0x80U;
    if (more == 0 || more > 4 || bytes.size() < head + more) {
      return {};
    }
    size = 0;
    for (; head < 2 + more; ++head) {
      size = size << 8U | byte(head);
    }
  }
  return size == bytes.size() - head ? bytes.substr(head) : std::string_view();
}

}  // namespace

FirstToken look_at_token(std::string_view bytes) {
  if (bytes.starts_with(kNtlm)) {
    return FirstToken::ntlm;
  }
  const std::string_view content = content_of(bytes, '\x60');
  const bool known = std::ranges::any_of(
      kMechanisms, [&](std::string_view mechanism) { return content.starts_with(mechanism); });
  if (!known) {
    return FirstToken::other;
  }
  return content.contains(kNtlm) ? FirstToken::ntlm : FirstToken::kerberos;
}

std::optional<NegotiateToken> read_negotiate(std::string_view value) {
  constexpr std::string_view kScheme = "Negotiate ";
  if (!istarts_with(value, kScheme)) {
    return std::nullopt;
  }
  auto bytes = base64_decode(trim(value.substr(kScheme.size())));
  if (!bytes || bytes->empty() || bytes->size() > kMostTicketToken) {
    return std::nullopt;
  }
  const FirstToken kind = look_at_token(*bytes);
  return NegotiateToken{kind, Secret(std::move(*bytes))};
}

}  // namespace sfb::access
