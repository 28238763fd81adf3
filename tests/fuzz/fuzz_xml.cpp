// Any bytes as XML: no crash, and no tree bigger than its limits.
#include "agent/xml/reader.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(sfb::xml::read(text, {.bytes = 1UL << 16U, .depth = 32, .nodes = 4096}));
  return 0;
}
