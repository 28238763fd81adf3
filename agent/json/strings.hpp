// JSON strings, and the values that are written as one.
#pragma once

#include "agent/json/edition.hpp"

#include <string>
#include <string_view>

namespace sfb::json {

/// A JSON string with quotes and the edition's escapes: 5.1 escapes `'`, `<`, `>` and `&` too.
void append_string(std::string& out, std::string_view text,
                   Edition edition = Edition::powershell_7);

/// The same, as a new text.
std::string quoted(std::string_view text, Edition edition);

/// A date's text as a JSON string: in 7 as it stands, in 5.1 the milliseconds since 1970. A date
/// without a zone counts as UTC, text that is no date stays what it is.
std::string date_json(std::string_view text, Edition edition);

/// A URI's text as a JSON string: in 7 as it stands; 5.1 percent-encodes what ToString() had
/// decoded (blanks, non-ASCII) and escapes nothing else.
std::string uri_json(std::string_view text, Edition edition);

}  // namespace sfb::json
