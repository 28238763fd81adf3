// Negotiate, Kerberos and NTLM as schemes of agent/auth: legs, proof, sealing.
#pragma once

#include "agent/auth/scheme.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/account.hpp"
#include "agent/gss/credentials.hpp"

#include <cstdint>
#include <memory>

namespace sfb::gss {

/// When bodies are sealed: `automatic` over http, not over https.
enum class Encryption : std::uint8_t { automatic, always, never };

struct SchemeOptions {
  Service service;  ///< without a host: the peer's
  Encryption encryption = Encryption::automatic;
};

/// The scheme of one connection: the first token goes with an empty body, unasked; all legs on this
/// connection; the server's last token is checked (mutual authentication, Kerberos). `Negotiate` is
/// the word unless the server offers `Kerberos` alone (then raw krb5), or `NTLM` alone where NTLM
/// is allowed. The first 401 behind a finished context is answered once with a new context (IIS
/// with kernel-mode authentication); the next one is auth.ticket_refused. With NTLM a 401 is
/// auth.refused at once, since it may be the password. Sealing: Kerberos through gss_wrap_iov, NTLM
/// through gss_wrap; a reply that should be sealed and is not is an error (auth.not_sealed) unless
/// its status is 4xx or 5xx or it is empty. `credentials` are the endpoint's.
std::unique_ptr<auth::Scheme> make_scheme(std::shared_ptr<Credentials> credentials,
                                          SchemeOptions options, auth::Peer peer,
                                          const Clock& clock);

}  // namespace sfb::gss
