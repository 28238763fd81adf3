// The sentences of a server that says no without a reason.
#pragma once

#include "agent/auth/scheme.hpp"
#include "agent/base/error.hpp"
#include "agent/gss/account.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sfb::gss {

/// Who was refused by whom.
struct Attempt {
  const Account& account;
  const Service& service;
  const auth::Peer& peer;
  bool ntlm = false;
};

/// A 401 to what was sent. Reason::auth: `auth.refused` with NTLM, which does not tell a wrong
/// password from wrong bindings; else `auth.ticket_refused`, which is never the password.
Error refusal(const Attempt& attempt, std::span<const std::string> challenges);

/// Reason::protocol, code `auth.no_proof`: the server has not proved itself.
Error no_proof();
/// Of a token beside a 200: an answer that lets us in refuses no account, whatever its code is.
Error wrong_proof(Error error);

/// Reason::protocol, code `auth.token_too_large`: no server takes a header of so many bytes.
Error too_large(std::size_t bytes);

/// Reason::auth, code `auth.not_offered`.
Error not_offered(std::string_view scheme, bool ntlm, std::span<const std::string> challenges);

}  // namespace sfb::gss
