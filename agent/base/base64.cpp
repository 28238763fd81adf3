#include "agent/base/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sfb {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kValues = make_values();

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8U) | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      out += k <= count ? kAlphabet[(group >> (18 - 6 * k)) & 0x3FU] : '=';
    }
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  std::size_t digits = 0;   // of the present group of four
  std::size_t padding = 0;  // `=` seen; behind them only blanks
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      continue;
    }
    if (c == '=') {
      if (digits + padding < 2 || ++padding > 2) {
        return std::nullopt;
      }
    } else {
      const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
      if (value == kNone || padding > 0) {
        return std::nullopt;
      }
      group = (group << 6U) | value;
      ++digits;
    }
    if (digits + padding < 4) {
      continue;
    }
    if (padding == 0) {
      out += static_cast<char>(group >> 16U);
      out += static_cast<char>((group >> 8U) & 0xFFU);
      out += static_cast<char>(group & 0xFFU);
      group = 0;
      digits = 0;
    } else if (padding == 1 && digits == 3) {
      out += static_cast<char>(group >> 10U);
      out += static_cast<char>((group >> 2U) & 0xFFU);
      digits = 0;
      padding = 3;  // nothing may follow
    } else if (padding == 2 && digits == 2) {
      out += static_cast<char>(group >> 4U);
      digits = 0;
      padding = 3;
    } else {
      return std::nullopt;
    }
  }
  if (digits != 0 || (padding != 0 && padding != 3)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace sfb
