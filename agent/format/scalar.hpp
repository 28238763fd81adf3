// The text of a simple value in culture en-US. Thread rule: pure functions.
#pragma once

#include "agent/value/value.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sfb::format {

struct Style;

/// What ToString() gives for a value that is no object; null is empty. A text that does not fit its
/// kind prints as it is. Dates print the clock time that was sent, while a server's own console
/// shows its own time zone. Secure strings print their type name.
std::string scalar_text(const Value& value, const Style& style);

/// `2026-11-23T18:47:03.1Z` as `11/23/2026 6:47:03 PM`; nullopt when it is no date and time.
std::optional<std::string> date_text(std::string_view iso);

/// The bytes of a base64 text (white space is skipped), up to the first character that is not
/// base64.
std::string decode_base64(std::string_view text);

/// The .NET type name of a kind that is no object, null or opaque; else empty.
std::string_view type_name_of(Kind kind);

}  // namespace sfb::format
