// Checks the text inside a scalar's tag. Private to the room.
#pragma once

#include "agent/value/value.hpp"

#include <optional>
#include <string_view>

namespace sfb::clixml {

/// The value of a scalar tag's text; nullopt when the text is not of that kind. As lenient as
/// .NET's own readers: blanks around a number, a plus sign, `1` and `True` for true, GUIDs in
/// braces and the like.
std::optional<Value> read_scalar(Kind kind, std::string_view text);

/// What a file holds in the place of a secret.
inline constexpr std::string_view kSecretText = "System.Security.SecureString";

/// Kinds that hold free text: it gets CLIXML's escapes.
bool is_text(Kind kind);

/// The text between the tags, before any escaping.
std::string write_scalar(const Value& value);

}  // namespace sfb::clixml
