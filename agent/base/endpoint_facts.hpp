// What an endpoint's connections have shown: from its transport to the metrics page.
#pragma once

#include "agent/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace sfb {

/// A value; absent: not known, or there is none.
struct EndpointFacts {
  std::optional<WallTime> certificate_ends;  ///< of the server, as it showed it last
  std::optional<WallTime> ticket_ends;       ///< of the account's ticket-granting ticket
  /// Connections that NTLM proved although Kerberos was wanted (method negotiate).
  std::optional<std::uint64_t> ntlm_logons;

  /// URL of the front end that answered last; empty: none has, or it cannot be reached any more.
  std::string front_end = {};

  bool operator==(const EndpointFacts&) const = default;
};

}  // namespace sfb
