// Set-Cookie values, one a line, of two answers: what is sent back is bounded and ends no header.
#include "agent/base/text.hpp"
#include "agent/remote/winrm/cookies.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using sfb::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> lines;
  for (const std::string_view line : sfb::split(input, '\n')) {
    lines.emplace_back(line);
    sfb::remote::cookie_date_passed(line, sfb::WallTime(std::chrono::seconds(1'800'000'000)));
  }
  sfb::remote::Cookies cookies;
  for (const bool tls : {false, true}) {
    cookies.take(lines, tls, "/wsman", sfb::WallTime(std::chrono::seconds(1'800'000'000)));
    const std::string header = cookies.header();
    require(header.size() <= sfb::remote::Cookies::kMostSent);
    require(std::ranges::all_of(header, [](char c) { return c >= ' ' && c < '\x7F'; }));
  }
  cookies.clear();
  require(cookies.header().empty());
  return 0;
}
