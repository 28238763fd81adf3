#include "agent/base/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

TEST(AsciiCase, TouchesAsciiLettersOnly) {
  EXPECT_EQ(to_lower("AZaz09_\xC3\x84@["), "azaz09_\xC3\x84@[");
  EXPECT_TRUE(iequals("BackupModules", "BACKUPMODULES"));
  EXPECT_TRUE(iequals("", ""));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`")) << "they differ by the case bit but are no letters";
  EXPECT_TRUE(istarts_with("PoolFqdn", "pool"));
  EXPECT_TRUE(istarts_with("x", ""));
  EXPECT_FALSE(istarts_with("po", "pool"));
}

TEST(Trim, TakesBlanksFromBothEnds) {
  EXPECT_EQ(trim(" \t\r\na b\n "), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("a"), "a");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), std::vector<std::string_view>{""});
  EXPECT_EQ(split(",", ','), (std::vector<std::string_view>{"", ""}));
}

TEST(CutUtf8, KeepsWholeCharacters) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("abc", 2), "ab");
  EXPECT_EQ(cut_utf8("", 0), "");
  const std::string_view text = "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80";  // two, three, four bytes
  constexpr std::size_t kWhole[] = {0, 0, 2, 2, 2, 5, 5, 5, 5, 9, 9};
  for (std::size_t limit = 0; limit < std::size(kWhole); ++limit) {
    EXPECT_EQ(cut_utf8(text, limit), text.substr(0, kWhole[limit])) << limit;
  }
  EXPECT_EQ(cut_utf8(std::string(3000, 'x')).size(), kPeerText);
  EXPECT_EQ(cut_utf8(std::string(3000, '\x80')).size(), kPeerText - 3) << "no UTF-8";
}

TEST(Quote, MakesOneHarmlessLine) {
  EXPECT_EQ(quote("plain"), "\"plain\"");
  EXPECT_EQ(quote(""), "\"\"");
  EXPECT_EQ(quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(quote("a\nb\r\t\x1b\x7f"), "\"a\\nb\\x0d\\x09\\x1b\\x7f\"");
  EXPECT_EQ(quote("\xC2\x9B"), "\"\\x9b\"") << "a C1 control";
  EXPECT_EQ(quote("a\xE2\x80\xAE"
                  "b"),
            "\"a\\u202eb\"")
      << "right-to-left override: a terminal would show another text";
  EXPECT_EQ(quote("\xFF"), "\"" + std::string(kReplacement) + "\"");
  EXPECT_EQ(quote("a\0b"sv), "\"a\\x00b\"");
}

TEST(Quote, CutsAtACharacter) {
  EXPECT_EQ(quote("abcdef", 6), "\"abcdef\"");
  EXPECT_EQ(quote("abcdef", 5), "\"abcde...\"");
  EXPECT_EQ(quote("abc\xE2\x82\xAC"
                  "d",
                  6),
            "\"abc\xE2\x82\xAC...\"");
  EXPECT_EQ(quote("abc\xE2\x82\xAC"
                  "d",
                  5),
            "\"abc...\"")
      << "half a character does not fit";
  EXPECT_EQ(quote("abc", 0), "\"...\"");
}

TEST(Visible, KeepsLinesAndTabsOnly) {
  EXPECT_EQ(visible("a\tb\nc"), "a\tb\nc");
  EXPECT_EQ(visible("\x1b[31m\r\a\x7f"), "^[[31m^M^G^?");
  EXPECT_EQ(visible("\xC2\x9B"), "\\x9b");
  EXPECT_EQ(visible("Z\xC3\xBCrich \xFF"), "Z\xC3\xBCrich " + std::string(kReplacement));
}

TEST(Utf8, TellsWellFromIllFormed) {
  for (const std::string_view text :
       {""sv, "a"sv, "\0"sv, "\xC2\x80"sv, "\xDF\xBF"sv, "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv,
        "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv, "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv}) {
    EXPECT_TRUE(is_utf8(text)) << quote(text);
    EXPECT_EQ(to_utf8_lossy(text), text);
  }
  for (const std::string_view text :
       {"\x80"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xC2"sv, "\xC2z"sv, "\xE0\x9F\xBF"sv, "\xE2\x82"sv,
        "\xED\xA0\x80"sv, "\xED\xBF\xBF"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv,
        "\xF5\x80\x80\x80"sv, "\xF8\x88\x80\x80\x80"sv, "\xFE"sv, "\xFF"sv}) {
    EXPECT_FALSE(is_utf8(text)) << quote(text);
    EXPECT_TRUE(is_utf8(to_utf8_lossy(text))) << quote(text);
    EXPECT_TRUE(to_utf8_lossy(text).starts_with(kReplacement)) << quote(text);
  }
  EXPECT_EQ(to_utf8_lossy("a\xFF"
                          "b"),
            "a" + std::string(kReplacement) + "b");
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t c = 0; c <= 0x110000; ++c) {
    std::string text;
    append_utf8(text, c);
    std::size_t pos = 0;
    const char32_t back = next_code_point(text, pos);
    const bool real = c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF);
    ASSERT_EQ(back, real ? c : 0xFFFD) << static_cast<unsigned>(c);
    ASSERT_EQ(pos, text.size()) << static_cast<unsigned>(c);
  }
}

TEST(Utf8, AnIllFormedByteIsOneStep) {
  std::size_t pos = 0;
  EXPECT_EQ(next_code_point("\xE2\x82z", pos), U'\uFFFD');
  EXPECT_EQ(pos, 1U);
}

TEST(Utf16, GoesBothWays) {
  const std::string text = "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80z";
  const std::u16string units = u"a\u00FC\u20AC\U0001F600z";
  EXPECT_EQ(to_utf16(text), units);
  EXPECT_EQ(from_utf16(units), text);
  EXPECT_EQ(to_utf16("\xFF"), u"\uFFFD");
}

TEST(Utf16, ALoneSurrogateIsReplaced) {
  const std::u16string high(1, static_cast<char16_t>(0xD83D));
  const std::u16string low(1, static_cast<char16_t>(0xDE00));
  EXPECT_EQ(from_utf16(high), kReplacement);
  EXPECT_EQ(from_utf16(low), kReplacement);
  EXPECT_EQ(from_utf16(high + u"a"), std::string(kReplacement) + "a");
  EXPECT_EQ(from_utf16(high + high + low), std::string(kReplacement) + "\xF0\x9F\x98\x80");
}

TEST(Text, VisibleShowsWhatReordersOrHides) {
  EXPECT_EQ(visible("a\u202eb\u200bc\ufeff"), "a\\u202eb\\u200bc\\ufeff");
  EXPECT_EQ(visible("\u00e4 \u4e2d"), "\u00e4 \u4e2d");
}

TEST(LastLines, AreWholeWhereTheyFit) {
  EXPECT_EQ(last_lines("a\nbb\nccc", 100), "a\nbb\nccc");
  EXPECT_EQ(last_lines("a\nbb\nccc", 6), "bb\nccc");
  EXPECT_EQ(last_lines("a\nbb\nccc", 5), "ccc");
  EXPECT_EQ(last_lines("a\nbb\nccc", 3), "ccc");
  EXPECT_EQ(last_lines("a\nbb\nccc", 2), "cc");
  EXPECT_EQ(last_lines("\u00e9\u00e9\u00e9", 3), "\u00e9");  // no half of a character
  EXPECT_EQ(last_lines("", 3), "");
}

}  // namespace
}  // namespace sfb
