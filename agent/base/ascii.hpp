// Classes of ASCII characters, independent of the locale. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sfb {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_letter_or_digit(char c) {
  return is_letter(c) || is_digit(c);
}

/// Letters, digits, dots, underscores and hyphens: what plain names are made of.
constexpr bool is_name_character(char c) {
  return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
}

/// Lower case of an upper-case letter; every other byte is kept.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// 0 to 15; -1 if it is not a hex digit.
constexpr int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

constexpr bool is_hex(char c) {
  return hex_value(c) >= 0;
}

inline constexpr std::string_view kHexLower = "0123456789abcdef";
inline constexpr std::string_view kHexUpper = "0123456789ABCDEF";

/// Appends the two digits of a byte; `digits` is one of the two above.
inline void append_hex(std::string& out, std::uint8_t byte, std::string_view digits) {
  out += digits[byte >> 4U];
  out += digits[byte & 0xFU];
}

}  // namespace sfb
