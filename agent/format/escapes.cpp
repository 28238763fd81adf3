#include "agent/format/escapes.hpp"

#include <algorithm>

namespace sfb::format {

namespace {

constexpr char16_t kEscape = u'\x1B';
constexpr std::u16string_view kLinkStart = u"\x1B]8;;";
constexpr std::u16string_view kLinkEnd = u"\x1B\\";

// The digits at `at`.
std::size_t digits(std::u16string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(u"0123456789", at), text.size()) - at;
}

// The length of a sequence `ESC [` at the start, 0 when it is none.
std::size_t control_length(std::u16string_view text) {
  if (!text.starts_with(u"\x1B[")) {
    return 0;
  }
  const bool mode = text.substr(2).starts_with(u'?');
  std::size_t at = mode ? 3 : 2;
  for (;;) {
    const std::size_t count = digits(text, at);
    at += count;
    if (count == 0 || at == text.size()) {
      return 0;
    }
    const char16_t last = text[at++];
    if (mode ? last == u'h' || last == u'l' : last == u'm') {
      return at;
    }
    if (mode || last != u';') {
      return 0;
    }
  }
}

}  // namespace

std::u16string without_escapes(std::u16string_view text) {
  std::u16string out;
  std::size_t no_link_before = 0;  // where a search for a link's end came to nothing
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t escape = std::min(text.find(kEscape, at), text.size());
    out += text.substr(at, escape - at);
    at = escape;
    const std::u16string_view rest = text.substr(at);
    std::size_t length = control_length(rest);
    if (rest.starts_with(kLinkStart) && at >= no_link_before) {
      const std::size_t line_end = std::min(text.find(u'\n', at), text.size());
      const std::size_t end = text.substr(0, line_end).find(kLinkEnd, at + kLinkStart.size());
      if (end != std::u16string_view::npos) {
        length = end + kLinkEnd.size() - at;
      } else {
        no_link_before = line_end;
      }
    }
    if (length == 0 && !rest.empty()) {
      out += rest.front();
      length = 1;
    }
    at += length;
  }
  return out;
}

}  // namespace sfb::format
