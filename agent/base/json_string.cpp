#include "agent/base/json_string.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace sfb {

namespace {

// The escape of one letter, or 0. The log has never written \b and \f.
char letter_of(char32_t c, JsonEscapes escapes) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\b':
      return escapes == JsonEscapes::all_controls ? '\0' : 'b';
    case '\f':
      return escapes == JsonEscapes::all_controls ? '\0' : 'f';
    default:
      return '\0';
  }
}

bool needs_number(char32_t c, JsonEscapes escapes) {
  if (c < 0x20 || c == 0x85 || c == 0x2028 || c == 0x2029) {
    return true;
  }
  switch (escapes) {
    case JsonEscapes::all_controls:
      return c >= 0x7F && c < 0xA0;
    case JsonEscapes::powershell_7:
      return false;
    case JsonEscapes::powershell_51:
      return c == '\'' || c == '<' || c == '>' || c == '&';
  }
  return false;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text, JsonEscapes escapes) {
  out += '"';
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (const char letter = letter_of(c, escapes); letter != '\0') {
      out += '\\';
      out += letter;
    } else if (needs_number(c, escapes)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(c));
    } else {
      append_utf8(out, c);
    }
  }
  out += '"';
}

std::string json_string(std::string_view text, JsonEscapes escapes) {
  std::string out;
  append_json_string(out, text, escapes);
  return out;
}

}  // namespace sfb
