// The server's side of a negotiation, in this process: GSSAPI's acceptor with a keytab or a list of
// NTLM users.
#pragma once

#include "agent/auth/scheme.hpp"
#include "agent/gss/gssapi.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::gss::testing {

/// What the server makes of one token.
struct Accepted {
  OM_uint32 major = 0;
  std::string token;  ///< for WWW-Authenticate; empty: none
  bool failed() const { return GSS_ERROR(major) != 0; }
  bool complete() const { return major == GSS_S_COMPLETE; }
};

class Acceptor {
 public:
  /// Kerberos, raw and within SPNEGO.
  static Acceptor of_keytab(const std::string& keytab);
  /// NTLM, raw and within SPNEGO; `users` is a file of lines DOMAIN:user:password.
  static Acceptor of_ntlm(const std::string& users);

  Accepted accept(std::string_view token);
  /// Begins a new context.
  void forget() { context_.reset(); }

  std::string client() const { return client_; }
  OM_uint32 flags() const { return flags_; }
  gss_ctx_id_t context() const { return context_.get(); }

  std::string bindings = {};  ///< the server's; empty: it does not look at them

 private:
  Credential credential_;
  Context context_;
  std::string client_;
  OM_uint32 flags_ = 0;
};

/// The last answer of a server to one connection's negotiation.
struct Talk {
  Result<auth::Step> step;
  int legs = 0;  ///< requests without body
};

struct TalkOptions {
  std::string_view word = "Negotiate";
  bool keep_last_token = false;  ///< the server sends no last token
};

/// Lets the scheme and the server talk until the body may go, or an error.
Talk talk(auth::Scheme& scheme, Acceptor& server, TalkOptions options = {});

/// The token of an Authorization value.
std::string token_of(std::string_view authorization);
std::string challenge(std::string_view word, std::string_view token);

}  // namespace sfb::gss::testing
