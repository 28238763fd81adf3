#include "agent/format/words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using testing::ElementsAre;
using Lines = std::vector<std::u16string>;

Lines wrapped(std::u16string_view text, int width,
              sfb::format::CellRule rule = sfb::format::CellRule::utf16_units) {
  Lines lines;
  sfb::format::wrap_words(text, width, rule, [&](auto line) { lines.emplace_back(line); });
  return lines;
}

TEST(WrapWords, BlanksStayAtTheLinesEnd) {
  EXPECT_THAT(wrapped(u"one two three", 8), ElementsAre(u"one two ", u"three"));
  EXPECT_THAT(wrapped(u"one two three", 7), ElementsAre(u"one ", u"two ", u"three"));
}

TEST(WrapWords, ATextThatFitsIsKeptAsItIs) {
  EXPECT_THAT(wrapped(u"one two", 7), ElementsAre(u"one two"));
  EXPECT_THAT(wrapped(u"", 7), ElementsAre(u""));
  EXPECT_THAT(wrapped(u"a\u00ADb\u00A0c\u2011d", 7), ElementsAre(u"a\u00ADb\u00A0c\u2011d"));
}

TEST(WrapWords, AWordWiderThanALineIsFilledUpInPlace) {
  EXPECT_THAT(wrapped(u"ab cdefghij kl", 5), ElementsAre(u"ab cd", u"efghi", u"j kl"));
}

TEST(WrapWords, LineBreaksEndLinesAndCarriageReturnsVanish) {
  EXPECT_THAT(wrapped(u"a\r\nb\rc\n", 5), ElementsAre(u"a", u"bc", u""));
  EXPECT_THAT(wrapped(u"\n\n", 5), ElementsAre(u"", u"", u""));
}

TEST(WrapWords, ASoftHyphenShowsOnlyAtALinesEnd) {
  EXPECT_THAT(wrapped(u"abc\u00ADdef", 4), ElementsAre(u"abc-", u"def"));
  EXPECT_THAT(wrapped(u"abc\u00ADdefg", 5), ElementsAre(u"abc", u"defg"));
}

TEST(WrapWords, HardHyphensAndFixedBlanksVanishFromALineTooLong) {
  EXPECT_THAT(wrapped(u"ab\u2011cd\u00A0ef", 4), ElementsAre(u"abcd", u"ef"));
}

TEST(WrapWords, TabsPartWordsToo) {
  EXPECT_THAT(wrapped(u"ab\tcd", 3), ElementsAre(u"ab\t", u"cd"));
}

TEST(WrapWords, OneColumnAndNoneAtAllComeToAnEnd) {
  EXPECT_THAT(wrapped(u"a b", 1), ElementsAre(u"a", u" ", u"b"));
  EXPECT_THAT(wrapped(u"a b", 0), ElementsAre(u""));
  EXPECT_THAT(wrapped(u"a b", -5), ElementsAre(u""));
}

}  // namespace
