// WWW-Authenticate values, one a line: a bounded list, the same for each way to ask.
#include "agent/auth/challenge.hpp"
#include "agent/base/text.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using sfb::fuzz::require;

namespace {

bool harmless(char c) {
  return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> values;
  for (const std::string_view line : sfb::split(input, '\n')) {
    values.emplace_back(line);
  }
  const auto challenges = sfb::auth::challenges_of(values);
  require(challenges.size() <= 16);
  for (const auto& challenge : challenges) {
    require(!challenge.scheme.empty() && challenge.scheme.size() <= 64);
    require(std::ranges::all_of(challenge.scheme, harmless));
    require(std::ranges::all_of(challenge.token, harmless));
    require(sfb::auth::find_challenge(values, challenge.scheme).has_value());
  }
  const auto schemes = sfb::auth::offered_schemes(values);
  require(schemes.size() <= challenges.size() && schemes.empty() == challenges.empty());
  return 0;
}
