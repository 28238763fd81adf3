// Bytes as the value of an Authorization header of scheme Negotiate: never a crash; what is read is
// what the base64 said, and what is taken for a beginning of Kerberos is one whole DER element.
#include "agent/access/negotiate_header.hpp"
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using sfb::access::FirstToken;
using sfb::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  if (sfb::access::look_at_token(value) == FirstToken::kerberos) {
    require(value.front() == '\x60' && !value.contains(std::string_view("NTLMSSP\0", 8)));
    // One byte less or more is none.
    require(sfb::access::look_at_token(value.substr(0, size - 1)) == FirstToken::other);
  }
  const auto read = sfb::access::read_negotiate(value);
  if (!read) {
    return 0;
  }
  require(sfb::istarts_with(value, "Negotiate "));
  const auto bytes = sfb::base64_decode(sfb::trim(value.substr(10)));
  require(bytes && *bytes == read->bytes.reveal() && !bytes->empty() &&
          bytes->size() <= sfb::access::kMostTicketToken);
  require(sfb::access::look_at_token(*bytes) == read->kind);
  return 0;
}
