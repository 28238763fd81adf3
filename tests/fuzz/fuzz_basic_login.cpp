// Bytes as the value of an Authorization header: never a crash; what is read is what the base64
// said, and the user ends at the first colon.
#include "agent/access/basic_header.hpp"
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void check(bool good) {
  if (!good) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto login = sfb::access::read_basic(value);
  if (!login) {
    return 0;
  }
  check(sfb::istarts_with(value, "Basic "));
  check(!login->user.contains(':'));
  const auto text = sfb::base64_decode(value.substr(6));
  check(text && *text == login->user + ":" + std::string(login->password.reveal()));
  return 0;
}
