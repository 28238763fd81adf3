// A server's token as the scheme looks into it besides GSSAPI: a KRB-ERROR or an NTLM challenge.
#include "agent/base/text.hpp"
#include "agent/gss/krb_error.hpp"
#include "agent/gss/ntlm_challenge.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <string_view>

using sfb::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  if (const auto challenge = sfb::gss::read_ntlm_challenge(token)) {
    require(sfb::is_utf8(challenge->target) && sfb::is_utf8(challenge->computer));
    require(challenge->target.size() <= 1600 && challenge->domain.size() <= 1600);
  }
  if (const auto error = sfb::gss::read_krb_error(token)) {
    require(!error->text.empty());
  }
  return 0;
}
