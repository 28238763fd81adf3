// The body of a sealed message of WS-Management: multipart/encrypted ([MS-WSMV] 2.2.9.1). Pure; the
// keys are the scheme's.
#pragma once

#include "agent/auth/scheme.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::auth {

/// The word in both Content-Types: the scheme of the Authorization header decides it, not the
/// mechanism. Kerberos within Negotiate is `spnego`.
enum class SealedProtocol : std::uint8_t { spnego, kerberos };

/// What lies sealed in a body.
struct SealedPart {
  SealedProtocol protocol = SealedProtocol::spnego;
  std::string content_type;     ///< of the plain body, without Length
  std::size_t length = 0;       ///< of the plain body, as the peer says; padding may be counted
  std::string_view signature;   ///< into the body
  std::string_view ciphertext;  ///< into the body, up to the last byte that may belong to it
};

/// `content_type` is that of the plain body.
Payload write_sealed(SealedProtocol protocol, std::string_view content_type,
                     std::size_t plain_length, std::string_view signature,
                     std::string_view ciphertext);

/// The Content-Type is multipart/encrypted.
bool is_sealed(std::string_view content_type);

/// Finds the sealed part. Part headers with and without a tab, a blank line or none before the
/// data, boundary with and without quotes, and with a space behind its dashes. The data are cut by
/// the length of the signature and Length, never by the last boundary; where the cipher text is
/// longer than Length (padding), the closing boundary bounds it. Never throws. Reason::protocol,
/// code `auth.sealed_body`.
Result<SealedPart> read_sealed(std::string_view content_type, std::string_view body);

}  // namespace sfb::auth
