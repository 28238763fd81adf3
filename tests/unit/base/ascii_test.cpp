#include "agent/base/ascii.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb {
namespace {

// Every byte, compared with a list of those that are meant.
std::string all(bool (*is)(char)) {
  std::string out;
  for (int c = 0; c < 256; ++c) {
    if (is(static_cast<char>(c))) {
      out += static_cast<char>(c);
    }
  }
  return out;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";

TEST(Ascii, KnowsItsCharacters) {
  EXPECT_EQ(all(is_digit), kDigits);
  EXPECT_EQ(all(is_letter), std::string(kUpper) + std::string(kLower));
  EXPECT_EQ(all(is_letter_or_digit),
            std::string(kDigits) + std::string(kUpper) + std::string(kLower));
  EXPECT_EQ(all(is_name_character),
            "-." + std::string(kDigits) + std::string(kUpper) + "_" + std::string(kLower));
  EXPECT_EQ(all(is_hex), "0123456789ABCDEFabcdef");
}

TEST(Ascii, Lowers) {
  std::string lowered;
  for (const char c : kUpper) {
    lowered += lower(c);
  }
  EXPECT_EQ(lowered, kLower);
  for (const char c : {'a', '0', '@', '[', '\xC4', '\0'}) {
    EXPECT_EQ(lower(c), c);
  }
}

TEST(Ascii, ReadsAndWritesHexDigits) {
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(hex_value(kHexLower[static_cast<std::size_t>(i)]), i);
    EXPECT_EQ(hex_value(kHexUpper[static_cast<std::size_t>(i)]), i);
  }
  for (const char c : {'g', 'G', '/', ':', '@', '`', '\xFF', '\0'}) {
    EXPECT_EQ(hex_value(c), -1) << c;
  }
  std::string out;
  append_hex(out, 0x0F, kHexLower);
  append_hex(out, 0xA0, kHexUpper);
  EXPECT_EQ(out, "0fA0");
}

}  // namespace
}  // namespace sfb
