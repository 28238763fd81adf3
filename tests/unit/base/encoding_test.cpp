// The bytes of files as text: what is read, and what is refused with its place.
#include "agent/base/encoding.hpp"

#include "agent/base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string utf16(std::u16string_view units, bool big_endian) {
  std::string bytes;
  for (const char16_t unit : units) {
    const char low = static_cast<char>(unit & 0xFFU);
    const char high = static_cast<char>(unit >> 8U);
    bytes += big_endian ? high : low;
    bytes += big_endian ? low : high;
  }
  return bytes;
}

std::string text_of(std::string_view bytes) {
  const auto text = decode_text(bytes);
  return text ? *text : text.error().code + ": " + text.error().message;
}

std::string code_of(std::string_view bytes) {
  const auto text = decode_text(bytes);
  return text ? "read" : text.error().code;
}

TEST(DecodeText, KnowsTheEncodingsThatWindowsWrites) {
  const std::string expected = "<\xC3\xBC\xF0\x9F\x98\x80>";
  const std::u16string_view units = u"<\u00FC\U0001F600>";
  EXPECT_EQ(text_of(expected), expected);
  EXPECT_EQ(text_of("\xEF\xBB\xBF" + expected), expected);
  EXPECT_EQ(text_of("\xFF\xFE" + utf16(units, false)), expected);
  EXPECT_EQ(text_of("\xFE\xFF" + utf16(units, true)), expected);
  EXPECT_EQ(text_of("<\0?\0x\0"sv), "<?x") << "UTF-16 LE without a mark";
  EXPECT_EQ(text_of("\0<\0?\0x"sv), "<?x") << "UTF-16 BE without a mark";
  EXPECT_EQ(text_of(""), "");
  EXPECT_EQ(text_of("\xFF\xFE"), "");
  EXPECT_EQ(text_of("a\0b"sv), "a\0b"sv) << "too short to tell";
  EXPECT_EQ(text_of("a\xEF\xBF\xBD"), "a\xEF\xBF\xBD") << "a U+FFFD that stands in the file";
  EXPECT_EQ(text_of("\xFF\xFE" + utf16(u"\uFFFD", false)), "\xEF\xBF\xBD");
}

TEST(DecodeText, OtherBytesAreRefusedWithTheirPlace) {
  const struct {
    std::string_view what;
    std::string bytes;
    std::string_view place;
  } cases[] = {
      {"windows-1252", "<a>\n\xFC</a>", "byte 5 (0xfc, in line 2)"},
      {"the same behind a mark", "\xEF\xBB\xBF<a>\xFC</a>", "byte 7 (0xfc, in line 1)"},
      {"a lone continuation", "a\x80z", "byte 2 (0x80, in line 1)"},
      {"an overlong form", "a\xC0\xAFz", "byte 2 (0xc0"},
      {"an overlong form of three", "\xE0\x80\xAFz", "byte 1 (0xe0"},
      {"a surrogate in UTF-8", "\xED\xA0\x80z", "byte 1 (0xed"},
      {"above U+10FFFF", "\xF4\x90\x80\x80z", "byte 1 (0xf4"},
      {"a sequence cut by another", "a\xE2\x82z", "byte 2 (0xe2"},
      {"a lone high surrogate", "\xFF\xFE" + utf16(u"a\n\xD83Dz", false),
       "byte 7 (half a surrogate pair, in line 2)"},
      {"a lone low surrogate", "\xFE\xFF" + utf16(u"\xDE00z", true),
       "byte 3 (half a surrogate pair, in line 1)"},
      {"two high surrogates", utf16(u"<a\xD83D\xD83D\xDE00", false), "byte 5 (half"},
      {"UTF-32", "\xFF\xFE\0\0<\0\0\0"s, "UTF-32"},
  };
  for (const auto& one : cases) {
    const auto text = decode_text(one.bytes);
    ASSERT_EQ(code_of(one.bytes), "file.encoding") << one.what;
    EXPECT_EQ(text.error().reason, Reason::parse) << one.what;
    EXPECT_THAT(text.error().message,
                AllOf(HasSubstr("neither UTF-8 nor UTF-16"), HasSubstr(one.place)))
        << one.what;
    EXPECT_THAT(text.error().remedy, HasSubstr("-Encoding UTF8")) << one.what;
    EXPECT_EQ(text.error().peer, "") << one.what;
  }
}

TEST(DecodeText, AnEndInsideACharacterIsACutText) {
  const std::string cut[] = {"<a>\xC3",
                             "<a>\xE2\x82",
                             "<a>\xF0\x9F\x98",
                             "\xFF\xFE"
                             "a",
                             "\xFF\xFE" + utf16(u"a", false) + "b",
                             "\xFF\xFE" + utf16(u"a\xD83D", false)};
  for (const std::string& bytes : cut) {
    EXPECT_EQ(code_of(bytes), "file.truncated") << quote(bytes);
  }
  EXPECT_EQ(code_of("<a>\xFC"), "file.encoding") << "begins nothing that could go on";
  EXPECT_EQ(code_of("\xFC<a>\xC3"), "file.encoding") << "it was wrong before it was cut";
}

TEST(DecodeText, ADeclarationMayNameOnlyWhatIsRead) {
  const auto declared = [](std::string_view name) {
    return "<?xml version=\"1.0\" encoding=\"" + std::string(name) + "\"?><a/>";
  };
  for (const std::string_view name : {"utf-8", "UTF-8", "utf-16", "Unicode", "utf-16LE"}) {
    EXPECT_EQ(code_of(declared(name)), "read") << name;
    EXPECT_EQ(code_of("\xFF\xFE" + utf16(to_utf16(declared(name)), false)), "read") << name;
  }
  for (const std::string_view name : {"windows-1252", "iso-8859-1", "us-ascii", "utf-7"}) {
    for (const std::string& bytes :
         {declared(name), "\xEF\xBB\xBF" + declared(name), "#< CLIXML\r\n" + declared(name),
          "\xFF\xFE" + utf16(to_utf16(declared(name)), false)}) {
      ASSERT_EQ(code_of(bytes), "file.encoding") << name;
      EXPECT_THAT(text_of(bytes), HasSubstr("says encoding " + std::string(name)));
    }
  }
  EXPECT_THAT(text_of(declared("windows-1252") + "\xFC"), HasSubstr("windows-1252"))
      << "the cause, not the byte";
  EXPECT_EQ(code_of("<?xml version='1.0' encoding='cp1252'?><a/>"), "file.encoding");
  EXPECT_EQ(code_of("<?xml version=\"1.0\"?><a encoding=\"x\"/>"), "read");
  EXPECT_EQ(code_of("{\"a\": \"<?xml encoding='x'?>\"}"), "read");
  EXPECT_THAT(text_of(declared("secret word")), Not(HasSubstr("secret")));
}

TEST(FindIllFormed, GivesTheFirstPlace) {
  EXPECT_EQ(find_ill_formed("a\xC3\xBC\xEF\xBF\xBD"), std::string_view::npos);
  EXPECT_EQ(find_ill_formed("a\xC3\xBC\xFF\xFF"), 3U);
  EXPECT_EQ(find_ill_formed(""), std::string_view::npos);
}

}  // namespace
}  // namespace sfb
