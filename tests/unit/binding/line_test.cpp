// The rebuilt line and the position message.
#include "agent/binding/line.hpp"

#include "agent/base/text.hpp"
#include "agent/binding/binding.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"
#include "tests/unit/binding/golden.hpp"
#include "tests/unit/binding/line_reader.hpp"

#include <gtest/gtest.h>

namespace sfb::binding {
namespace {

using Kind = Token::Kind;

Token named(std::string name, bool colon = false) {
  Token token;
  token.kind = Kind::parameter;
  token.text = std::move(name);
  token.with_colon = colon;
  return token;
}

Token value(Kind kind, std::string text) {
  Token token;
  token.kind = kind;
  token.text = std::move(text);
  return token;
}

TEST(CanonicalLine, QuotesWhatNeedsIt) {
  std::vector<Token> tokens{named("PoolFqdn"),
                            value(Kind::literal, "atl-cs-001.litwareinc.com"),
                            named("Category"),
                            value(Kind::literal, "it's \xE2\x80\x99 here"),
                            named("Force", true),
                            value(Kind::boolean, "false"),
                            named("BypassDualWrite"),
                            value(Kind::number, "1"),
                            value(Kind::literal, "1"),
                            value(Kind::literal, ""),
                            value(Kind::null, ""),
                            value(Kind::list, "a,b c"),
                            value(Kind::literal, "-Force"),
                            value(Kind::end_of_parameters, "")};
  const std::string line = canonical_line(collectors::get_cs_backup_service_status(), tokens);
  EXPECT_EQ(line,
            "Get-CsBackupServiceStatus -PoolFqdn atl-cs-001.litwareinc.com -Category "
            "'it''s \xE2\x80\x99\xE2\x80\x99 here' -Force:$false -BypassDualWrite 1 '1' '' $null "
            "a,'b c' '-Force' --");
  const std::u16string units = to_utf16(line);
  for (const Token& token : tokens) {
    ASSERT_LE(token.offset + token.length, units.size());
  }
  EXPECT_EQ(from_utf16(units.substr(tokens[3].offset, tokens[3].length)),
            "'it''s \xE2\x80\x99\xE2\x80\x99 here'");
  EXPECT_EQ(from_utf16(units.substr(tokens[4].offset, tokens[4].length)), "-Force:");
  EXPECT_EQ(from_utf16(units.substr(tokens[5].offset, tokens[5].length)), "$false");
}

// A line rebuilt from a line's tokens means the same as the line.
TEST(CanonicalLine, EveryRecordedLineReadsBackTheSame) {
  const Cmdlet cmdlet = stand_in();
  std::size_t lines = 0;
  for (const GoldenLine& golden : golden_lines()) {
    auto tokens = read_line(cmdlet, golden.line);
    if (!tokens) {
      continue;
    }
    ++lines;
    const std::string line = canonical_line(cmdlet, *tokens);
    const auto again = read_line(cmdlet, line);
    ASSERT_TRUE(again) << line;
    ASSERT_EQ(again->size(), tokens->size()) << line;
    for (std::size_t i = 0; i < again->size(); ++i) {
      const Token& expected = (*tokens)[i];
      const Token& read = (*again)[i];
      EXPECT_EQ(read.kind, expected.kind) << line << " token " << i;
      EXPECT_EQ(read.text, expected.text) << line << " token " << i;
      EXPECT_EQ(read.offset, expected.offset) << line << " token " << i;
      EXPECT_EQ(read.length, expected.length) << line << " token " << i;
      EXPECT_EQ(read.with_colon, expected.with_colon) << line << " token " << i;
    }
  }
  EXPECT_EQ(lines, 51U);
}

TEST(PositionMessage, ShortLineIsWhole) {
  EXPECT_EQ(position_message("Get-X -Y z", 6, 2), "At line:1 char:7\n+ Get-X -Y z\n+       ~~");
  EXPECT_EQ(position_message("Get-X   ", 0, 8), "At line:1 char:1\n+ Get-X\n+ ~~~~~");
}

TEST(PositionMessage, PlacesOutsideTheLineAreMoved) {
  EXPECT_EQ(position_message("Get-X", 99, 99), "At line:1 char:6\n+ Get-X\n+      ~");
  EXPECT_EQ(position_message("Get-X", 3, 99), "At line:1 char:4\n+ Get-X\n+    ~~");
}

TEST(PositionMessage, CutBehind) {
  const std::string line = "Get-X " + std::string(80, 'a');
  EXPECT_EQ(position_message(line, 0, 5),
            "At line:1 char:1\n+ Get-X " + std::string(63, 'a') + " ...\n+ ~~~~~");
}

TEST(PositionMessage, CutBefore) {
  const std::string line = std::string(80, 'a') + " -Bad";
  EXPECT_EQ(position_message(line, 81, 4), "At line:1 char:82\n+ ... " + std::string(64, 'a') +
                                               " -Bad\n+ " + std::string(69, ' ') + "~~~~");
}

TEST(PositionMessage, CutOnBothSides) {
  const std::string line = std::string(80, 'a') + " -Bad " + std::string(80, 'b');
  // 8 units stay behind the error, the rest of the room is in front of it.
  EXPECT_EQ(position_message(line, 81, 4), "At line:1 char:82\n+ ... " + std::string(56, 'a') +
                                               " -Bad bbbbbbb ...\n+ " + std::string(61, ' ') +
                                               "~~~~");
}

TEST(PositionMessage, PowerShell7HasAnotherEllipsis) {
  const std::string line = std::string(80, 'a') + " -Bad " + std::string(80, 'b');
  EXPECT_EQ(position_message(line, 81, 4, kEllipsis7),
            "At line:1 char:82\n+ \u2026 " + std::string(56, 'a') + " -Bad bbbbbbb \u2026\n+ " +
                std::string(59, ' ') + "~~~~");
}

TEST(PositionMessage, ErrorLongerThanTheRoom) {
  const std::string line = "Get-X -Y " + std::string(100, 'a');
  EXPECT_EQ(
      position_message(line, 0, line.size()),
      "At line:1 char:1\n+ Get-X -Y " + std::string(60, 'a') + " ...\n+ " + std::string(69, '~'));
  EXPECT_EQ(position_message(line, 9, 100), "At line:1 char:10\n+ Get-X -Y " +
                                                std::string(60, 'a') + " ...\n+          " +
                                                std::string(60, '~'));
}

TEST(PositionMessage, TabsAreFourColumnsAndLineBreaksCount) {
  EXPECT_EQ(position_message("Get-X\t-Y\tz", 6, 2),
            "At line:1 char:7\n+ Get-X    -Y    z\n+          ~~");
  EXPECT_EQ(position_message("Get-X 'a\r\nb' -Y", 13, 2), "At line:2 char:4\n+ b' -Y\n+    ~~");
  EXPECT_EQ(position_message("Get-X 'a\nb'", 6, 5), "At line:1 char:7\n+ Get-X 'a\n+       ~~");
}

TEST(PositionMessage, CountsUtf16Units) {
  EXPECT_EQ(position_message("\xF0\x9F\x98\x80 -Y", 3, 2),
            "At line:1 char:4\n+ \xF0\x9F\x98\x80 -Y\n+    ~~");
}

TEST(PositionMessage, AnErrorWithoutAPlaceIsTheWholeLines) {
  BindError error;
  EXPECT_EQ(position_message("Get-X y", error), "At line:1 char:1\n+ Get-X y\n+ ~~~~~~~");
  error.offset = 6;
  error.length = 1;
  EXPECT_EQ(position_message("Get-X y", error), "At line:1 char:7\n+ Get-X y\n+       ~");
}

TEST(LineReader, CommandNameAndQuotesAreItsAffair) {
  const Cmdlet& cmdlet = collectors::get_cs_backup_service_status();
  const auto name = read_line(cmdlet, "Get-Nothing -PoolFqdn x");
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().error.error_id, "CommandNotFoundException");
  const auto quote = read_line(cmdlet, "Get-CsBackupServiceStatus 'x");
  ASSERT_FALSE(quote);
  EXPECT_EQ(quote.error().error.message, "The string is missing the terminator: '.");
}

}  // namespace
}  // namespace sfb::binding
