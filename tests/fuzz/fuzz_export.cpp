// Any bytes as a dropped file, and as the body of a push: no crash, a text beside the objects has
// its bounds, and what an export says of itself is names.
#include "agent/remote/file/export_file.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

using sfb::fuzz::require;

namespace {

using namespace sfb;

bool is_names(std::string_view text, bool underscores) {
  return text.size() <= 100 && std::ranges::all_of(text, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (underscores && c == '_');
         });
}

// A push may be of any collector, and else is what a file of that collector is.
void check_push(std::string_view bytes, const Fqdn& pool, const Limits& limits) {
  const auto pushed = remote::parse_any_export(bytes, pool, limits);
  if (!pushed) {
    require(!pushed.error().code.empty());
    return;
  }
  require(!pushed->collector.empty() && is_names(pushed->collector, true));
  require(is_names(pushed->category, false));
  const auto file = remote::parse_export(bytes, pool, limits, pushed->collector);
  require(file && file->category == pushed->category && file->format == pushed->format);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Fqdn kPool = Fqdn::parse("atl.example.com").value();
  constexpr Limits kLimits{.object = 1UL << 20U, .depth = 16};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_push(bytes, kPool, kLimits);
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
    require(text.form == TextForm{.width = 80} || text.form == TextForm{.width = 120});
    require(text.text.size() <= 256UL << 10U);
  }
  return 0;
}
