// Any bytes as JSON; what is read is written in both layouts and read again.
#include "agent/json/json.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto document = sfb::json::read(bytes, sfb::Limits{});
  if (!document) {
    return document.error().code.empty() ? (std::abort(), 1) : 0;
  }
  for (const int depth : {0, 100}) {
    const sfb::json::WriteOptions options{.depth = depth, .compress = depth == 100};
    const std::string text = sfb::json::convert_to_json(document->graph, document->roots, options);
    // No root gives no text. At full depth the array of several roots may be one level too many for
    // the reader; the shallow text must always be JSON.
    if (!document->roots.empty() && depth == 0 && !sfb::json::read(text, {.object = SIZE_MAX})) {
      std::abort();
    }
  }
  return 0;
}
