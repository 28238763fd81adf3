// Checks of what stands in a scalar's tag. Private to the room.
#pragma once

#include "agent/value/value.hpp"

#include <optional>
#include <string_view>

namespace sfb::clixml {

/// The value of a scalar tag's text; nullopt when the text is not of that kind. Blanks around a
/// number, a plus sign, `1` and `True` for true, GUIDs in braces and the like are taken, because
/// .NET's own readers take them.
std::optional<Value> read_scalar(Kind kind, std::string_view text);

/// What a file holds for a secret.
inline constexpr std::string_view kSecretText = "System.Security.SecureString";

/// What stands on the wire between the tags, before XML's own escaping.
std::string write_scalar(const Value& value);

}  // namespace sfb::clixml
