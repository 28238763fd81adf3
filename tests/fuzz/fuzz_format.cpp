// Console text of any CLIXML at any width: the first byte is the console's width, the rest a file.
#include "agent/clixml/clixml.hpp"
#include "agent/format/format.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto document = sfb::clixml::read_file(text, sfb::Limits{});
  if (document) {
    sfb::format::objects(document->graph, document->roots, {.width = data[0]});
  }
  return 0;
}
