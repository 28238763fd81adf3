// The `_xHHHH_` escapes of strings and names. Thread rule: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace sfb::clixml {

/// Unescaping a lone surrogate gives U+FFFD and sets `lossy`.
std::string escape(std::string_view text);
std::string unescape(std::string_view text, bool* lossy = nullptr);

}  // namespace sfb::clixml
