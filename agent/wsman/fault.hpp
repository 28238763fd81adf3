// SOAP faults of WS-Management and what they mean for this client (README.md, "Faults"). Pure
// functions.
#pragma once

#include "agent/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::wsman {

/// A fault as the server sent it; its words are cut to kPeerText.
struct Fault {
  std::optional<std::uint32_t> code;  ///< WSManFault Code, MSFT_WmiError error_Code
  std::string subcode;                ///< local name: `TimedOut`, `InvalidSelectors`, `QuotaLimit`
  std::string text;  ///< the longest of ProviderFault, Message and Reason; may be empty
};

/// What a client does about a fault.
enum class Reaction : std::uint8_t {
  repeat,   ///< w:TimedOut: nothing yet, receive again
  reopen,   ///< the shell is gone or used up: open another one, once
  give_up,  ///< an error
};

/// One row of the table.
struct Meaning {
  Reason reason;
  std::string_view code;  ///< `wsman.quota_shells`; `wsman.fault` for one that is not in the table
  std::string_view message;
  std::string_view remedy;
  Reaction reaction;
};

/// Looks up the code. Without a known code it looks up the words of the text, if the subcode is
/// missing, InternalError or QuotaLimit, and then the subcode: quota faults of IIS plug-ins come as
/// w:InternalError without a code.
const Meaning& meaning_of(const Fault& fault);

/// The fault as an error. Our message names number and subcode. The server's text is the peer's,
/// cut to kPeerText.
Error to_error(const Fault& fault);

}  // namespace sfb::wsman
