// What a directory sends: sealed messages in pieces, distinguished names, SIDs; and names of groups
// on their way into a filter.
#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/directory/group_name.hpp"
#include "agent/directory/match.hpp"
#include "agent/directory/sealed_frames.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace sfb::directory;
using sfb::fuzz::require;

namespace {

void read_frames(std::string_view bytes) {
  SealedFrames frames([](std::string_view sealed) {
    return sealed.front() == 'S' ? std::optional(std::string(sealed.substr(1))) : std::nullopt;
  });
  std::size_t taken = 0;
  std::string_view rest = bytes;
  while (!rest.empty() && frames.wanted() > 0) {
    const std::size_t now = std::min({frames.wanted(), rest.size(), std::size_t{7}});
    const bool good = frames.add(rest.substr(0, now));
    rest.remove_prefix(now);
    require(good || frames.wanted() == 0);
    while (frames.ready()) {
      taken += frames.take(5).size();
    }
  }
  require(taken <= bytes.size());
}

// Nothing of a name ends its value or begins another one.
void read_name(const std::string& text) {
  const auto name = read_group_name(text);
  if (!name) {
    return;
  }
  require(!name->account.empty() && sfb::is_utf8(name->account));
  const std::string value = escape_filter(name->account);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\') {
      require(i + 2 < value.size() && sfb::is_hex(value[i + 1]) && sfb::is_hex(value[i + 2]));
    }
    require(!std::string_view("()*&|!=<>~").contains(value[i]) && value[i] != '\0');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read_frames(text);
  read_name(text);
  const std::string domain = domain_of_dn(text);
  require(domain.size() <= text.size());
  read_offer(text);
  const std::vector entries = {Entry{domain, "a", text, -2147483640}};
  if (const auto found = match({.account = "a"}, entries, {})) {
    require(sfb::identity::Sid::from_bytes(text) == found->sid);
    require(sfb::identity::Sid::parse(found->sid.str()) == found->sid);
  }
  return 0;
}
