// HTTP authentication of a client as a pure state machine: step, seal, unseal.
// Basic is in basic.hpp; Negotiate, Kerberos and NTLM are in agent/gss.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/redactor.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sfb::auth {

/// What the next request of a connection carries.
struct Step {
  Secret authorization;  ///< value of the Authorization header; empty: none
  /// The request that carries it may hold the real body; false: send an empty one and step again
  /// with the answer's challenges.
  bool body = true;
  /// Only this request carries it: a token of a negotiation is good for one.
  bool once = false;
  /// It begins a context, so it may also go to a new connection to the same server.
  bool begins = false;
};

/// A body on its way, with its Content-Type.
struct Payload {
  std::string content_type;
  std::string body;
};

/// How a connection proved who we are, as far as its scheme has come.
struct Proof {
  std::string method = {};  ///< `basic`, `kerberos`, `ntlm`; empty: not known yet
  bool mutual = false;      ///< the server proved who it is, too
  /// When the ticket ends; none: there is no ticket.
  std::optional<WallTime> ticket_ends = {};
  std::size_t contexts = 0;  ///< begun on this connection; each one with NTLM uses the password
  /// The longest Authorization value sent: a server answers 400 to what is too long for it.
  std::size_t token_bytes = 0;
  /// For `evaluate`, in order: `principal`, `spn`, `enctype`, `ccache` and the like.
  std::vector<std::pair<std::string, std::string>> facts = {};
};

/// One scheme on one connection: authentication and keys belong to the connection.
/// Thread rule: one owner. Where `blocks` is true, `step` waits for other machines: run it off the
/// loop, one call at a time, and let the job own the scheme, because it may outlive its caller.
class Scheme {
 public:
  virtual ~Scheme() = default;
  /// `step` may wait for a KDC.
  virtual bool blocks() const { return false; }
  /// Call it before the first request without challenges, and with the answer's WWW-Authenticate
  /// values after each 401. Reason::auth:
  /// - auth.refused: the server refused what it was given
  /// - auth.not_offered: the server does not take this scheme; what it takes is the peer's text
  /// Those of a ticket are in agent/gss/README.md.
  virtual Result<Step> step(std::span<const std::string> challenges) = 0;
  /// The same after a 200 to a request without body: the last token of a negotiation comes with it.
  virtual Result<Step> let_in(std::span<const std::string> challenges) { return step(challenges); }
  /// Does the server want a proof with each request? Then call `unasked` before each one for which
  /// the last step has no Authorization; errors as step.
  virtual bool each_request() const { return false; }
  virtual Result<Step> unasked() { return Step{}; }
  /// With the WWW-Authenticate values of an answer to a body, before `unseal`: an answer whose
  /// sender has not proved itself is not used. Reason::protocol, code auth.no_proof.
  virtual Status check_answer(std::span<const std::string> /*challenges*/, int /*status*/) {
    return {};
  }
  /// Encrypts the body. A scheme that encrypts nothing returns it unchanged.
  virtual Result<Payload> seal(Payload plain) = 0;
  /// `status` is the answer's: errors of HTTP come plain from some servers.
  virtual Result<Payload> unseal(Payload sealed, int status) = 0;
  /// Tells the redactor the secrets of this scheme, because a peer may repeat what it was sent.
  virtual void tell_secrets(Redactor& redactor) const = 0;
  /// What is known now; may be asked after an error, too, but not while `step` runs.
  virtual Proof proof() const = 0;
  /// What is known while `step` waits: facts as those of `proof`. Any thread.
  virtual std::vector<std::pair<std::string, std::string>> progress() const { return {}; }
  /// Work that nobody should wait for, such as a ticket's renewal; empty: there is none. Run it off
  /// the loop, once; it may outlive the scheme.
  virtual std::function<void()> chore() const { return {}; }
};

/// What a scheme is told of a new connection.
struct Peer {
  std::shared_ptr<const Secret> password;  ///< absent: the account has none (keytab, ccache)
  bool tls = false;
  /// The channel bindings `tls-server-end-point` of this connection (RFC 5929), prefix included;
  /// empty: none are sent.
  std::string channel_bindings;
  std::string host = {};  ///< of the URL
};

/// Makes the scheme of a new connection.
using SchemeFactory = std::function<std::unique_ptr<Scheme>(const Peer&)>;

}  // namespace sfb::auth
