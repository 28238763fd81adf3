// Console text of any CLIXML at any width, in every edition and view: the first byte is the
// console's width, the second picks edition and views, the rest is a file.
#include "agent/clixml/clixml.hpp"
#include "agent/format/format.hpp"
#include "agent/value/pipeline.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using sfb::format::Edition;
using sfb::format::ErrorView;
using sfb::format::Options;
using sfb::format::View;

Options options(unsigned width, unsigned choice) {
  constexpr unsigned kEditions = 3;
  constexpr unsigned kViews = 5;
  constexpr unsigned kErrorViews = 4;
  Options picked;
  picked.width = static_cast<int>(width);
  picked.edition = static_cast<Edition>(choice % kEditions);
  picked.view = static_cast<View>(choice / kEditions % kViews);
  picked.error_view = static_cast<ErrorView>(choice / (kEditions * kViews) % kErrorViews);
  return picked;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) {
    return 0;
  }
  const Options picked = options(data[0], data[1]);
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  const auto document = sfb::clixml::read_file(text, sfb::Limits{});
  if (document) {
    const auto shown = sfb::format::objects(document->graph, document->roots, picked);
    if (!shown && shown.error().code != "render.too_large") {
      std::abort();
    }
    // Any object is an error of some kind.
    for (const sfb::Value& root : document->roots) {
      sfb::format::error(sfb::ErrorRecord::from(document->graph, root), picked);
    }
  }
  return 0;
}
