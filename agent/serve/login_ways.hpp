// What a person at a browser can do to be known. Pure functions.
#pragma once

#include <string>

namespace sfb::serve {

/// The proofs that are set up.
struct LoginWays {
  bool password = false;     ///< `basic_auth_users`
  bool ticket = false;       ///< Kerberos, by the scheme Negotiate
  bool certificate = false;  ///< a client certificate
  bool token = false;        ///< in a header that no browser sends by itself
};

/// A remedy as errors have it: all ways that browsers know; where there is none, what else there
/// is.
std::string login_remedy(const LoginWays& ways);

}  // namespace sfb::serve
