// Bytes as the value of an Authorization header: never a crash; what is read is what the base64
// said, and the user ends at the first colon.
#include "agent/access/basic_header.hpp"
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using sfb::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto login = sfb::access::read_basic(value);
  if (!login) {
    return 0;
  }
  require(sfb::istarts_with(value, "Basic "));
  require(!login->user.contains(':'));
  const auto text = sfb::base64_decode(value.substr(6));
  require(text && *text == login->user + ":" + std::string(login->password.reveal()));
  return 0;
}
