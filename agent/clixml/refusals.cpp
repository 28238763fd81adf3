#include "agent/clixml/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::clixml {

namespace {

// Errors are kept in histories: one must not hold a whole document.
constexpr std::size_t kMostPeerText = 1000;

std::unexpected<Error> refused(std::string code, std::string_view message, std::string peer) {
  peer.resize(std::min(peer.size(), kMostPeerText));
  return fail(Reason::parse, std::move(code), fmt::format("CLIXML: {}", message),
              std::string(kRemedy), std::move(peer));
}

}  // namespace

std::unexpected<Error> bad_value(std::string_view message, std::string peer) {
  return refused("clixml.bad_value", message, std::move(peer));
}

std::unexpected<Error> bad_reference(std::string_view tag, std::string peer) {
  return refused("clixml.bad_reference",
                 fmt::format("<{}> refers to an id that has not come before it", tag),
                 std::move(peer));
}

std::unexpected<Error> repeated(std::string_view what, std::string_view where, std::string peer) {
  return refused("clixml.repeated", fmt::format("{} in one {}", what, where), std::move(peer));
}

std::unexpected<Error> too_much_memory(std::size_t limit) {
  return fail(Reason::parse, "clixml.too_large",
              fmt::format("CLIXML: what was read takes more than {} bytes of memory (8 x "
                          "limits.object)",
                          limit),
              std::string(kTooLarge));
}

}  // namespace sfb::clixml
