#include "agent/xml/writer.hpp"

namespace sfb::xml {

namespace {

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\r':
      return "&#xD;";
    case '\n':
      return "&#xA;";
    default:
      return "&#x9;";
  }
}

// Most text needs nothing, so whole runs are copied between the characters that do.
void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (;;) {
    const auto next = text.find_first_of(special);
    if (next == std::string_view::npos) {
      out += text;
      return;
    }
    out += text.substr(0, next);
    out += entity_of(text[next]);
    text.remove_prefix(next + 1);
  }
}

}  // namespace

void append_text(std::string& out, std::string_view text) {
  append_escaped(out, text, "&<>\r");
}

void append_attribute(std::string& out, std::string_view text) {
  append_escaped(out, text, "&<>\"\r\n\t");
}

}  // namespace sfb::xml
