// A server's words as comments of a YAML document. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::discover {

/// How many characters of one text a comment keeps.
inline constexpr std::size_t kCommentText = 200;

/// Control characters and those that hide or reorder text are `?`. Longer texts are cut to `most`
/// characters, with "..." behind them. So no text ends its comment or moves a cursor.
std::string comment_text(std::string_view text, std::size_t most = kCommentText);

/// Whether comment_text would change no character.
bool is_harmless(std::string_view text);

}  // namespace sfb::discover
