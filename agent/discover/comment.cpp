#include "agent/discover/comment.hpp"

#include "agent/base/text.hpp"

namespace sfb::discover {

namespace {

bool is_harmful(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
         c == 0xFFFE || c == 0xFFFF;
}

}  // namespace

std::string comment_text(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); ++count) {
    if (count == most) {
      return out + "...";
    }
    const char32_t c = next_code_point(text, pos);
    append_utf8(out, is_harmful(c) ? U'?' : c);
  }
  return out;
}

bool is_harmless(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    if (is_harmful(next_code_point(text, pos))) {
      return false;
    }
  }
  return true;
}

}  // namespace sfb::discover
