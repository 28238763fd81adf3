// Who asks, as far as that is proven.
#pragma once

#include "agent/identity/sid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::access {

/// What shows that a caller is who it says.
enum class Proof : std::uint8_t { none, password, token, certificate, kerberos };
/// The word for the log: `none`, `password`, `token`, `certificate` or `kerberos`.
std::string_view to_string(Proof proof);

/// Thread rule: a value.
struct Caller {
  Proof proof = Proof::none;
  /// The user, the token's name, the certificate's name, or the account of a ticket with its realm
  /// (of one without a PAC the principal): printable and capped, never a secret. Empty: nobody.
  std::string name = {};
  /// Those that the configuration gives this user, token or certificate, as they are written there:
  /// names or SIDs.
  std::vector<std::string> group_names = {};
  std::vector<identity::Sid> groups = {};     ///< of a ticket's PAC, sorted
  std::optional<identity::Sid> account = {};  ///< the account itself, of a ticket's PAC
  bool groups_known = true;  ///< false: a Kerberos caller whose ticket names no groups
};

}  // namespace sfb::access
