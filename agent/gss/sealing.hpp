// Sealing with the keys of a finished context.
#pragma once

#include "agent/auth/sealed_body.hpp"
#include "agent/base/error.hpp"
#include "agent/gss/gssapi.hpp"

#include <string>
#include <string_view>

namespace sfb::gss {

/// What goes into a sealed body.
struct Sealed {
  std::string signature;
  std::string ciphertext;
  std::size_t length = 0;  ///< of the plain body, with the padding of the cipher
};

/// `ntlm`: gss-ntlmssp has no gss_wrap_iov; its signature has 16 bytes. Errors: status.hpp, step
/// `seal`; also where the mechanism signs only.
Result<Sealed> wrap(gss_ctx_id_t context, bool ntlm, std::string_view plain);

/// First as Windows wraps (IOV), then as a server does that wraps plainly. Refuses what is not
/// encrypted, out of order or of another length than the body says.
Result<std::string> unwrap(gss_ctx_id_t context, bool ntlm, const auth::SealedPart& part);

}  // namespace sfb::gss
