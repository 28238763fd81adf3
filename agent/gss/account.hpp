// Who logs on to what: the settings of a credential and of the service it is for, read into the
// names that GSSAPI takes. Pure.
#pragma once

#include "agent/base/error.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::gss {

enum class Method : std::uint8_t { kerberos, negotiate, ntlm };
std::string_view to_string(Method method);

/// One entry of `credentials:` with such a method.
struct Account {
  Method method = Method::negotiate;
  bool allow_ntlm = false;  ///< negotiate goes on with NTLM where Kerberos cannot
  /// `user@REALM`, `DOMAIN\user` or a user principal name.
  std::string username = {};
  std::string realm = {};        ///< empty: the suffix of the name
  std::string keytab_file = {};  ///< absolute; empty: the password is used
  std::string ccache = {};       ///< a cache to read, such as FILE:/run/x; never written

  auto operator<=>(const Account&) const = default;
};

/// The service of an endpoint: `HTTP@fe-001.litwareinc.com`.
struct Service {
  std::string name = "HTTP";  ///< HTTP, WSMAN or host
  std::string host;           ///< never looked up, never taken from reverse DNS
  auto operator<=>(const Service&) const = default;
};

/// The client's name for Kerberos.
struct Principal {
  std::string name;   ///< `user@REALM`; an enterprise name is `user@suffix`, without the realm
  std::string realm;  ///< upper case
  bool enterprise = false;  ///< the KDC finds the account of this user principal name
  /// The realm was written in lower case; the upper case is used (a warning).
  bool raised = false;
};

/// Reason::auth, code `auth.user_name`: `DOMAIN\user` or a bare name without `realm`, empty parts,
/// control characters, a backslash or slash where krb5 reads one as an escape.
Result<Principal> principal_of(const Account& account);

/// The name for NTLM as gss-ntlmssp takes it: `DOMAIN\user` or `user@domain`, unchanged.
Result<std::string> ntlm_name_of(const Account& account);

/// `HTTP/fe-001.litwareinc.com`, as setspn writes it.
std::string spn_of(const Service& service);

}  // namespace sfb::gss
