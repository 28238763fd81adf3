// Numbers of seven bits a byte, the lowest first, the top bit where more follow: small ones take
// little room. None of our libraries packs numbers alone.
#pragma once

#include <cstdint>

namespace sfb {

/// Behind what stands in `bytes`, a container of bytes; ten of them at most.
template <typename Bytes>
void append_packed(Bytes& bytes, std::uint64_t number) {
  using Byte = typename Bytes::value_type;
  for (; number >= 0x80U; number >>= 7U) {
    bytes.push_back(static_cast<Byte>(0x80U | (number & 0x7FU)));
  }
  bytes.push_back(static_cast<Byte>(number));
}

/// Of what `append_packed` of this process wrote, and of nothing else. `next` gives its bytes.
template <typename Next>
std::uint64_t take_packed(Next next) {
  std::uint64_t number = 0;
  for (unsigned shift = 0;; shift += 7U) {
    const auto byte = static_cast<std::uint8_t>(next());
    number |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80U) {
      return number;
    }
  }
}

}  // namespace sfb
