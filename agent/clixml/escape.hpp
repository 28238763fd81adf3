// The `_xHHHH_` escapes of strings and names. Thread rule: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::clixml {

/// Unescaping a lone surrogate gives U+FFFD and sets `lossy`.
std::string escape(std::string_view text);
/// Escapes from `pos` on until there are `most` bytes or a few more, and moves `pos` behind what
/// was taken: escapes make a text up to seven times as long.
std::string escape_some(std::string_view text, std::size_t& pos, std::size_t most);
std::string unescape(std::string_view text, bool* lossy = nullptr);

/// An escaped name as PowerShell compares the names of members: `A` is `a`. Lone surrogates all
/// read alike, so they count as they stand on the wire.
std::string member_key(std::string_view name);

}  // namespace sfb::clixml
