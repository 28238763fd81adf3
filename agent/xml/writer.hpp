// Escapes XML text and attributes. The callers write the elements themselves.
#pragma once

#include <string>
#include <string_view>

namespace sfb::xml {

/// `& < >` become entities, a carriage return `&#xD;` (a reader would make it a line feed).
void append_text(std::string& out, std::string_view text);
/// Also `"`, tab and line feed (a reader would make those blanks).
void append_attribute(std::string& out, std::string_view text);

}  // namespace sfb::xml
