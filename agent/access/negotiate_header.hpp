// The header `Authorization: Negotiate` of a caller (RFC 4559). Pure.
#pragma once

#include "agent/base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sfb::access {

/// More no Windows makes (MaxTokenSize is 48,000), and no head has room for.
inline constexpr std::size_t kMostTicketToken = 48UL << 10U;

/// What a caller begins with, by its first bytes alone: who may make a ticket is not looked at.
enum class FirstToken : std::uint8_t {
  kerberos,  ///< Kerberos, bare or within SPNEGO
  ntlm,      ///< the caller found no ticket
  other,     ///< nothing that a mechanism of GSSAPI begins with (RFC 2743 3.1)
};

struct NegotiateToken {
  FirstToken kind = FirstToken::other;
  Secret bytes;
};

/// Nothing where the value is not scheme `Negotiate` and base64 of 1 to kMostTicketToken bytes.
std::optional<NegotiateToken> read_negotiate(std::string_view value);

/// FirstToken of bytes. Takes constant time for what is `other`.
FirstToken look_at_token(std::string_view bytes);

}  // namespace sfb::access
