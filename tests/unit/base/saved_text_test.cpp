#include "agent/base/saved_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb {
namespace {

TEST(SavedText, GivesBackWhatWasWritten) {
  std::string text;
  append_saved_line(text, {"module", "a\tb", "c\nd\\n", ""});
  append_saved_line(text, {"empty"});
  const auto lines = read_saved_lines(text);
  ASSERT_TRUE(lines.has_value());
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ(lines->front().name(), "module");
  EXPECT_EQ(lines->front().text(1), "a\tb");
  EXPECT_EQ(lines->front().text(2), "c\nd\\n");
  EXPECT_EQ(lines->front().size(), 4U);
  EXPECT_EQ(lines->back().text(7), "") << "a field that is not there";
}

TEST(SavedText, NoLinesAreNoDamage) {
  ASSERT_TRUE(read_saved_lines("").has_value());
  EXPECT_TRUE(read_saved_lines("")->empty());
}

TEST(SavedText, DamageIsSeen) {
  EXPECT_FALSE(read_saved_lines("a\tb").has_value()) << "the line's end is gone";
  EXPECT_FALSE(read_saved_lines("a\\xb\n").has_value());
  EXPECT_FALSE(read_saved_lines("a\\").has_value());
  EXPECT_FALSE(read_saved_lines("a\\\n").has_value());
}

TEST(SavedText, MoreThanTheCapsIsDamage) {
  EXPECT_FALSE(read_saved_lines("aaaa\n", {.bytes = 4}).has_value());
  EXPECT_FALSE(read_saved_lines("a\nb\nc\n", {.lines = 2}).has_value());
  EXPECT_FALSE(read_saved_lines("a\tb\tc\n", {.fields = 2}).has_value());
  EXPECT_TRUE(read_saved_lines("a\tb\n", {.bytes = 4, .lines = 1, .fields = 2}).has_value());
}

TEST(SavedText, TimesAndNumbers) {
  const WallTime time(Micros(1'700'000'000'123'456));
  std::string text;
  append_saved_line(text, {"x", saved_time(time), saved_time({}), "-5", "5"});
  const SavedLine line = read_saved_lines(text)->front();
  EXPECT_EQ(line.time(1), time);
  EXPECT_EQ(line.time(2), std::nullopt);
  EXPECT_EQ(line.number(3), -5);
  EXPECT_EQ(line.count(3), std::nullopt);
  EXPECT_EQ(line.count(4), 5U);
}

TEST(SavedText, NoTimeOutsideTheYearsThatAreShown) {
  const auto time = [](const std::string& field) {
    return read_saved_lines("x\t" + field + "\n")->front().time(1);
  };
  EXPECT_EQ(time("-1"), std::nullopt);
  EXPECT_EQ(time("9223372036854775807"), std::nullopt);
  EXPECT_EQ(time("99999999999999999999"), std::nullopt);
  EXPECT_EQ(time("12 "), std::nullopt);
  EXPECT_EQ(time("1e3"), std::nullopt);
}

}  // namespace
}  // namespace sfb
