#include "agent/base/text.hpp"

#include "agent/base/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Bidirectional controls, zero-width characters and the byte order mark: a terminal would show
// another text than the one that is there.
bool reorders_or_hides(char32_t c) {
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

bool is_continuation(unsigned char c) {
  return (c & 0xC0U) == 0x80U;
}

// Length of the well-formed sequence at `pos` and its code point; 0 when it is ill-formed.
std::size_t decode_at(std::string_view text, std::size_t pos, char32_t& code_point) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(pos);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  std::size_t length = 0;
  char32_t minimum = 0;
  if ((first & 0xE0U) == 0xC0U) {
    length = 2;
    minimum = 0x80;
    code_point = first & 0x1FU;
  } else if ((first & 0xF0U) == 0xE0U) {
    length = 3;
    minimum = 0x800;
    code_point = first & 0x0FU;
  } else if ((first & 0xF8U) == 0xF0U) {
    length = 4;
    minimum = 0x10000;
    code_point = first & 0x07U;
  } else {
    return 0;
  }
  if (text.size() - pos < length) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(byte(pos + i))) {
      return 0;
    }
    code_point = (code_point << 6U) | (byte(pos + i) & 0x3FU);
  }
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return code_point < minimum || code_point > 0x10FFFF || surrogate ? 0 : length;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool iequals(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (;;) {
    const auto end = text.find(separator, start);
    if (end == std::string_view::npos) {
      parts.push_back(text.substr(start));
      return parts;
    }
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string_view cut_utf8(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  std::size_t end = limit;
  // A character has at most three bytes behind its first: other text is cut where it is.
  while (end > 0 && limit - end < 3 && is_continuation(static_cast<unsigned char>(text[end]))) {
    --end;
  }
  return text.substr(0, end);
}

std::string_view last_lines(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) {
    return text;
  }
  std::size_t begin = text.size() - limit;
  if (const std::size_t line = text.find('\n', begin - 1);
      line != std::string_view::npos && line + 1 < text.size()) {
    return text.substr(line + 1);
  }
  while (begin < text.size() && is_continuation(static_cast<unsigned char>(text[begin]))) {
    ++begin;
  }
  return text.substr(begin);
}

std::string quote(std::string_view text, std::size_t limit) {
  std::string out = "\"";
  std::size_t pos = 0;
  while (pos < text.size()) {
    std::size_t after = pos;
    const char32_t c = next_code_point(text, after);
    if (after > limit) {
      break;
    }
    pos = after;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else if (reorders_or_hides(c)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      append_utf8(out, c);
    }
  }
  if (pos < text.size()) {
    out += "...";
  }
  out += '"';
  return out;
}

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (c < 0x20 && c != '\n' && c != '\t') {
      out += '^';
      out += static_cast<char>(c + 0x40);
    } else if (c == 0x7F) {
      out += "^?";
    } else if (c >= 0x80 && c < 0xA0) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else if (reorders_or_hides(c)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      append_utf8(out, c);
    }
  }
  return out;
}

bool is_utf8(std::string_view text) {
  char32_t ignored = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t length = decode_at(text, pos, ignored);
    if (length == 0) {
      return false;
    }
    pos += length;
  }
  return true;
}

std::string to_utf8_lossy(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t pos = 0; pos < text.size();) {
    append_utf8(out, next_code_point(text, pos));
  }
  return out;
}

char32_t next_code_point(std::string_view text, std::size_t& pos) {
  char32_t code_point = 0;
  const std::size_t length = decode_at(text, pos, code_point);
  pos += length == 0 ? 1 : length;
  return length == 0 ? kReplacement : code_point;
}

void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    c = kReplacement;
  }
  const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6U));
    put(0x80 | (c & 0x3FU));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12U));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  } else {
    put(0xF0 | (c >> 18U));
    put(0x80 | ((c >> 12U) & 0x3FU));
    put(0x80 | ((c >> 6U) & 0x3FU));
    put(0x80 | (c & 0x3FU));
  }
}

std::u16string to_utf16(std::string_view utf8) {
  std::u16string out;
  out.reserve(utf8.size());
  for (std::size_t pos = 0; pos < utf8.size();) {
    const char32_t c = next_code_point(utf8, pos);
    if (c < 0x10000) {
      out.push_back(static_cast<char16_t>(c));
    } else {
      out.push_back(static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10U)));
      out.push_back(static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FFU)));
    }
  }
  return out;
}

std::string from_utf16(std::u16string_view utf16) {
  std::string out;
  out.reserve(utf16.size());
  for (std::size_t i = 0; i < utf16.size(); ++i) {
    const char32_t unit = utf16[i];
    const bool high = unit >= 0xD800 && unit <= 0xDBFF;
    if (high && i + 1 < utf16.size() && utf16[i + 1] >= 0xDC00 && utf16[i + 1] <= 0xDFFF) {
      append_utf8(out, 0x10000 + ((unit - 0xD800) << 10U) + (utf16[i + 1] - 0xDC00U));
      ++i;
    } else {
      append_utf8(out, unit);  // a lone surrogate becomes U+FFFD there
    }
  }
  return out;
}

}  // namespace sfb
