// What the third message of NTLM says in clear ([MS-NLMP] 2.2.1.3), read with code of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sim {

struct NtlmAuthenticate {
  std::string domain;
  std::string user;
  std::string target;  ///< the SPN that the client meant; empty: it does not say
  bool bound = false;  ///< there are channel bindings in it
};

/// From a token, also inside SPNEGO; nothing when there is no such message in it.
std::optional<NtlmAuthenticate> read_ntlm_authenticate(std::string_view token);

}  // namespace sim
