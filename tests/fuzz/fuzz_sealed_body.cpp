// A sealed body of a server: its parts lie within it, and what is written from them reads the same.
// Input: the Content-Type, a line feed, the body.
#include "agent/auth/sealed_body.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

using sfb::fuzz::require;

namespace {

bool within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view type = input.substr(0, input.find('\n'));
  const std::string_view body = input.substr(std::min(type.size() + 1, size));
  const auto part = sfb::auth::read_sealed(type, body);
  if (!part) {
    require(part.error().code == "auth.sealed_body" && part.error().peer.empty());
    return 0;
  }
  require(sfb::auth::is_sealed(type));
  require(within(part->signature, body) && within(part->ciphertext, body));
  require(!part->signature.empty() && part->signature.size() <= 1024);
  require(part->ciphertext.size() >= part->length);
  require(part->ciphertext.size() - part->length <= 256);

  const auto written = sfb::auth::write_sealed(part->protocol, part->content_type, part->length,
                                               part->signature, part->ciphertext);
  const auto again = sfb::auth::read_sealed(written.content_type, written.body);
  require(again && again->signature == part->signature && again->length == part->length);
  // Padding may hold what looks like the end.
  require(part->ciphertext.starts_with(again->ciphertext));
  return 0;
}
