// HTTP authentication of a client as a pure state machine: step, seal, unseal.
// Basic is in basic.hpp. Negotiate, Kerberos and NTLM will be further schemes with the same three
// verbs.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/redactor.hpp"
#include "agent/base/secret.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::auth {

/// What the next request of a connection carries.
struct Step {
  Secret authorization;  ///< value of the Authorization header; empty: none
  /// The request that carries it may hold the real body; false: send an empty one and step again
  /// with the answer's challenges.
  bool body = true;
};

/// A body on its way, with its Content-Type.
struct Payload {
  std::string content_type;
  std::string body;
};

/// One scheme on one connection: authentication and keys belong to the connection.
/// Thread rule: one owner.
class Scheme {
 public:
  virtual ~Scheme() = default;
  /// Call it before the first request without challenges. Then call it with the answer's
  /// WWW-Authenticate values after each 401 and after each answer to a request without body, since
  /// the last token of a negotiation comes with a 2xx. Reason::auth:
  /// - auth.refused: the server refused what it was given
  /// - auth.not_offered: the server does not take this scheme; what it takes is the peer's text
  virtual Result<Step> step(std::span<const std::string> challenges) = 0;
  /// Encrypts the body. A scheme that encrypts nothing returns it unchanged.
  virtual Result<Payload> seal(Payload plain) = 0;
  virtual Result<Payload> unseal(Payload sealed) = 0;
  /// Tells the redactor the secrets of this scheme, because a peer may repeat what it was sent.
  virtual void tell_secrets(Redactor& redactor) const = 0;
};

/// Makes the scheme of a new connection with the current password.
using SchemeFactory = std::function<std::unique_ptr<Scheme>(std::shared_ptr<const Secret>)>;

/// The scheme names of WWW-Authenticate values, several headers or one comma list, parameters left
/// out: `Negotiate`, `Kerberos`, `Basic`.
std::vector<std::string> offered_schemes(std::span<const std::string> challenges);

}  // namespace sfb::auth
