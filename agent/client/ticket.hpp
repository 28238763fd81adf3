// The login with the Kerberos ticket of whoever runs the command (`kinit`), as Negotiate.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/gss/gssapi.hpp"
#include "agent/http/types.hpp"

#include <string>

namespace sfb::client {

/// Of one connection. Thread rule: one thread; `prove` may wait for a KDC.
class Ticket {
 public:
  /// The value of the Authorization header for `HTTP/host`, from the caller's ticket cache.
  /// `bindings`: of the TLS connection (auth::Peer); empty: none. Reason::auth, code
  /// `client.ticket`: there is no ticket for it.
  Result<Secret> prove(const std::string& host, const std::string& bindings);
  /// A good answer holds the agent's own proof. Reason::protocol, code `auth.no_proof`: it does
  /// not.
  Status check(const http::Response& answer);

 private:
  Result<std::string> leg(std::string_view token);

  gss::Credential credential_;
  gss::Name target_;
  gss::Context context_;
  std::string bindings_;
  std::string host_;
};

}  // namespace sfb::client
