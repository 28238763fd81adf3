// Bytes as the value of an Authorization header: never a crash; a token that is read stands in the
// value as it is, and only its own holder is found by it.
#include "agent/access/bearer_header.hpp"
#include "agent/access/token_set.hpp"
#include "agent/base/bearer_token.hpp"
#include "agent/base/text.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using sfb::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const auto token = sfb::access::read_bearer(value);
  if (!token) {
    return 0;
  }
  require(sfb::istarts_with(value, "Bearer "));
  require(sfb::is_bearer_token(token->reveal()));
  require(sfb::trim(value.substr(7)) == token->reveal());
  sfb::access::TokenSet tokens;
  const sfb::Secret other(std::string(token->reveal()) + "0");
  require(tokens.add("other", {}, other));
  require(!tokens.find(*token));
  require(tokens.add("own", {}, *token));
  require(tokens.find(*token)->name == "own");
  require(!tokens.add("again", {}, *token));
  require(!tokens.find(*token) && tokens.find(other));
  return 0;
}
