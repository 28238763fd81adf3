// The account data of a Kerberos ticket, and SIDs.
#include "agent/base/text.hpp"
#include "agent/identity/pac.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

using sfb::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto info = sfb::identity::read_logon_info(bytes)) {
    require(sfb::is_utf8(info->account) && sfb::is_utf8(info->domain));
    require(info->groups.size() <= size / 8);
    require(std::ranges::is_sorted(info->groups));
    for (const auto& sid : info->groups) {
      require(sfb::identity::Sid::parse(sid.str()) == sid);
    }
  }
  return 0;
}
