// WWW-Authenticate: what a server offers and the token it answers with.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::auth {

/// One challenge. Parameters (`realm="x"`) are left out: no scheme of ours needs one.
struct Challenge {
  std::string scheme;  ///< as the server writes it: `Negotiate`, `Kerberos`, `Basic`
  std::string token;   ///< token68 (RFC 9110 11.2), still base64; empty: none
};

/// The challenges of all WWW-Authenticate values, in order: several headers, one comma list, quoted
/// parameters. At most 16, names of at most 64 bytes; what is malformed is passed over. Never
/// fails.
std::vector<Challenge> challenges_of(std::span<const std::string> values);

/// The first challenge of this scheme; case does not matter.
std::optional<Challenge> find_challenge(std::span<const std::string> values,
                                        std::string_view scheme);

/// The scheme names alone, each once.
std::vector<std::string> offered_schemes(std::span<const std::string> values);

/// For the remedy where a server does not take the configured logon: the method of ours that it
/// does offer, or another way to it where it offers none.
std::string_view other_logon(std::span<const std::string> values);

}  // namespace sfb::auth
