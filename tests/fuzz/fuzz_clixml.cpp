// Any bytes as CLIXML: no crash, and what was read can be written and read again to the same text,
// also when it was packed meanwhile.
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/value/packed.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using sfb::fuzz::require;

namespace {

// Indentation and repeated declarations may make the second text longer than the first.
constexpr sfb::Limits kFirst = {.object = 1UL << 20U, .depth = 16};
constexpr sfb::Limits kAgain = {.object = 1UL << 30U, .depth = 16};
constexpr std::size_t kMostBytes = 1UL << 30U;

sfb::PipelineResult packed_meanwhile(const sfb::Document& document) {
  sfb::PipelineResult result;
  result.graph = document.graph;
  result.output = document.roots;
  return sfb::PackedResult(result).unpack();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto file = sfb::clixml::read_file(bytes, kFirst)) {
    using sfb::clixml::Origin;
    using sfb::clixml::write_file;
    const std::string once =
        write_file(file->graph, file->roots, Origin::original, kMostBytes).value();
    const auto again = sfb::clixml::read_file(once, kAgain);
    require(again.has_value());
    require(write_file(again->graph, again->roots, Origin::original, kMostBytes) == once);
    const sfb::PipelineResult same = packed_meanwhile(*file);
    require(write_file(same.graph, same.output, Origin::original, kMostBytes) == once);
    const auto short_text = write_file(file->graph, file->roots, Origin::deserialized, once.size());
    require(short_text ? short_text->size() <= once.size()
                       : short_text.error().code == "render.too_large");
  }
  if (const auto message = sfb::clixml::read_message(bytes, kFirst)) {
    require(message->roots.size() == 1);
    const std::string once = sfb::clixml::write_message(message->graph, message->roots.front());
    const auto again = sfb::clixml::read_message(once, kAgain);
    require(again.has_value());
    require(sfb::clixml::write_message(again->graph, again->roots.front()) == once);
    const sfb::PipelineResult same = packed_meanwhile(*message);
    require(sfb::clixml::write_message(same.graph, same.output.front()) == once);
  }
  return 0;
}
