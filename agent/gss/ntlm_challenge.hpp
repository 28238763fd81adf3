// What a server's NTLM challenge tells of it ([MS-NLMP] 2.2.1.2), for `evaluate`. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sfb::gss {

/// The peer's words.
struct NtlmChallenge {
  std::string target;    ///< the domain, or the machine where it is of none
  std::string computer;  ///< its DNS name
  std::string domain;    ///< its DNS name
};

/// From a token, also one within SPNEGO; none: it holds no challenge. Never throws.
std::optional<NtlmChallenge> read_ntlm_challenge(std::string_view token);

}  // namespace sfb::gss
