// Who a caller is that comes with a Kerberos ticket for this machine's service (RFC 4559).
#pragma once

#include "agent/base/error.hpp"
#include "agent/gss/gssapi.hpp"

#include <string>
#include <string_view>

namespace sfb::gss {

/// A caller whose ticket is good.
struct Accepted {
  std::string principal;  ///< `alice@LITWAREINC.COM`, as the KDC wrote it
  /// The account data that a domain controller signed (`urn:mspac:logon-info`); empty where the
  /// ticket has none, or none that GSSAPI verified. Then nothing is known of the caller's groups.
  std::string logon_info;
  bool bound = false;  ///< the caller bound its token to the TLS connection
  std::string reply;   ///< token for the answer's WWW-Authenticate; may be empty
};

/// Takes tickets of the service keys in a keytab. Kerberos only, bare or within SPNEGO, and in one
/// leg: where the caller's first token is none of Kerberos, it is refused. libkrb5 reads the keytab
/// anew for each ticket, and remembers tickets that were used in its replay cache (KRB5RCACHEDIR).
/// Thread rule: one thread at a time, and not the loop: the replay cache is a file.
class Acceptor {
 public:
  /// Errors of read_service_keys.
  static Result<Acceptor> open(const std::string& keytab_file);

  /// `bindings`: `tls-server-end-point:` and the hash of our certificate (RFC 5929), or empty
  /// without TLS. A token that is bound to another connection is refused, one that is not bound is
  /// taken. Reason::process, codes access.keytab and access.replay_cache: what the agent needs for
  /// it cannot be used now. Else Reason::auth with the code
  /// - access.ntlm: NTLM instead of Kerberos; the caller found no ticket for the name it used. The
  ///   names of the keytab are told.
  /// - access.not_kerberos: no token of Kerberos
  /// - access.replay: the ticket's authenticator was used before
  /// - access.keytab_old: the key that the ticket is made with is not in the keytab
  /// - access.clock: the caller's clock is too far from ours
  /// - access.ticket_ended
  /// - access.bindings: bound to another TLS connection
  /// - access.ticket: anything else; the library's words are the peer's text
  Result<Accepted> accept(std::string_view token, std::string_view bindings) const;

 private:
  Acceptor(std::string keytab_file, Credential credential)
      : keytab_file_(std::move(keytab_file)), credential_(std::move(credential)) {}

  std::string keytab_file_;
  Credential credential_;
};

}  // namespace sfb::gss
