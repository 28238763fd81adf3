// The `_xHHHH_` escapes of strings and names.
#include "agent/clixml/escape.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sfb::clixml {

namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;

bool is_high(char32_t unit) {
  return unit >= 0xD800 && unit <= 0xDBFF;
}

bool is_low(char32_t unit) {
  return unit >= 0xDC00 && unit <= 0xDFFF;
}

struct Escape {
  char32_t code = 0;
  std::size_t length = 0;
};

// The escape that starts at `pos`: 4 digits for a UTF-16 unit, or 8 for a code point, as the
// decoder of .NET takes them.
std::optional<Escape> escape_at(std::string_view text, std::size_t pos) {
  if (text.size() - pos < 7 || text[pos] != '_' || (text[pos + 1] | 0x20) != 'x') {
    return std::nullopt;
  }
  for (const std::size_t digits : {4UL, 8UL}) {
    const std::size_t end = pos + 2 + digits;
    if (end >= text.size() || text[end] != '_') {
      continue;
    }
    unsigned code = 0;
    const char* const last = text.data() + end;
    const auto [at, error] = std::from_chars(text.data() + pos + 2, last, code, 16);
    if (error == std::errc{} && at == last && code <= kLastCodePoint) {
      return Escape{code, digits + 3};
    }
  }
  return std::nullopt;
}

void append_escape(std::string& out, char32_t unit) {
  out += "_x";
  append_hex(out, static_cast<std::uint8_t>(unit >> 8U), kHexUpper);
  append_hex(out, static_cast<std::uint8_t>(unit), kHexUpper);
  out += '_';
}

}  // namespace

std::string escape(std::string_view text) {
  std::size_t pos = 0;
  return escape_some(text, pos, std::string::npos);
}

std::string escape_some(std::string_view text, std::size_t& pos, std::size_t most) {
  std::string out;
  out.reserve(std::min(text.size() - pos, most));
  while (pos < text.size() && out.size() < most) {
    const auto byte = static_cast<unsigned char>(text[pos]);
    if (byte >= 0x20 && byte < 0x7F) {
      const bool mimics = byte == '_' && pos + 1 < text.size() && (text[pos + 1] | 0x20) == 'x';
      if (mimics) {
        append_escape(out, byte);
      } else {
        out += text[pos];
      }
      ++pos;
      continue;
    }
    const char32_t c = next_code_point(text, pos);
    if (c < 0xA0) {
      append_escape(out, c);
    } else if (c < 0x10000) {
      append_utf8(out, c);
    } else {
      append_escape(out, 0xD800 + ((c - 0x10000) >> 10U));
      append_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FFU));
    }
  }
  return out;
}

std::string unescape(std::string_view text, bool* lossy) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) {
    const auto next = std::min(text.find('_', pos), text.size());
    out += text.substr(pos, next - pos);
    pos = next;
    if (pos == text.size()) {
      break;
    }
    const auto found = escape_at(text, pos);
    if (!found) {
      out += text[pos++];
      continue;
    }
    pos += found->length;
    char32_t code = found->code;
    if (is_high(code)) {
      const auto second = escape_at(text, std::min(pos, text.size() - 1));
      if (pos < text.size() && second && is_low(second->code)) {
        code = 0x10000 + ((code - 0xD800) << 10U) + (second->code - 0xDC00);
        pos += second->length;
      }
    }
    if (lossy != nullptr && (is_high(code) || is_low(code))) {
      *lossy = true;
    }
    append_utf8(out, code);
  }
  return out;
}

std::string member_key(std::string_view name) {
  bool lossy = false;
  std::string plain = unescape(name, &lossy);
  return lossy ? '\0' + std::string(name) : to_lower(plain);
}

}  // namespace sfb::clixml
