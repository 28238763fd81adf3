// Accept and Accept-Encoding come from anybody: the answer is always one of a few constants.
#include "agent/exposition/negotiation.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sfb::exposition;
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  const Negotiated got = negotiate_format(header);
  const double json = media_quality(header, "application", "json");
  std::string_view rest = got.content_type;
  rest.remove_prefix(content_type(got.format).size());
  // A peer's bytes in the Content-Type would be a header injection.
  const bool known = rest.empty() || rest == "; escaping=allow-utf-8" ||
                     rest == "; escaping=underscores" || rest == "; escaping=values";
  if (!known || !got.content_type.starts_with(content_type(got.format)) || !(json >= 0) ||
      json > 1) {
    std::abort();
  }
  (void)accepts_gzip(header);
  return 0;
}
