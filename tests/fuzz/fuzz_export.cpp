// Any bytes as a dropped file: no crash, and a text beside the objects has its bounds.
#include "agent/remote/file/export_file.hpp"
#include "tests/fuzz/require.hpp"

#include <cstdint>
#include <string_view>

using sfb::fuzz::require;

namespace {

using namespace sfb;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fqdn kPool = Fqdn::parse("atl.example.com").value();
  constexpr Limits kLimits{.object = 1UL << 20U, .depth = 16};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto parsed = remote::parse_export(bytes, kPool, kLimits);
  if (!parsed) {
    require(!parsed.error().code.empty());
    return 0;
  }
  const auto& rendered = parsed->result.rendered;
  require(rendered.size() <= 2);
  require(parsed->text_left_out.empty() || (rendered.empty() && parsed->culture.empty()));
  require(rendered.empty() || parsed->wrapped);
  require(rendered.empty() || parsed->result.state == PipelineState::completed);
  for (const Rendering& text : rendered) {
    require((text.width == 80 || text.width == 120) && text.text.size() <= 256UL << 10U);
  }
  return 0;
}
