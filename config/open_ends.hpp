// Quotes and brackets of YAML whose end is missing: the parser tells of them where it stops, which
// is at the end of the file. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sfb::config {

/// Where a quoted value or a bracket begins; lines and columns count from 1.
struct Opening {
  char mark = 0;  ///< `'`, `"`, `[` or `{`
  std::size_t line = 0;
  std::size_t column = 0;
};

struct OpenEnds {
  std::optional<Opening> unclosed;    ///< the innermost that never ends
  std::optional<Opening> long_quote;  ///< the first quoted value that ends on another line
  std::size_t long_quote_end = 0;     ///< that line
};

/// Reads only so much of YAML as that takes, and never fails: it finds a better place for an error
/// that is known already.
OpenEnds find_open_ends(std::string_view text);

}  // namespace sfb::config
