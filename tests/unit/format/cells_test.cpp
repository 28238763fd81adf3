#include "agent/format/cells.hpp"

#include <gtest/gtest.h>

namespace {

using namespace sfb::format;

constexpr auto kLeft = Alignment::left;
constexpr auto kRight = Alignment::right;

TEST(FitCell, PadsOnTheOtherSide) {
  EXPECT_EQ(fit_cell(u"ab", 4, kLeft, u"..."), u"ab  ");
  EXPECT_EQ(fit_cell(u"ab", 4, kRight, u"..."), u"  ab");
  EXPECT_EQ(fit_cell(u"", 2, kLeft, u"..."), u"  ");
  EXPECT_EQ(fit_cell(u"abcd", 4, kLeft, u"..."), u"abcd");
}

TEST(FitCell, CutsTheTailOrANumbersHead) {
  EXPECT_EQ(fit_cell(u"abcdefgh", 5, kLeft, u"..."), u"ab...");
  EXPECT_EQ(fit_cell(u"12345678", 5, kRight, u"..."), u"...78");
  EXPECT_EQ(fit_cell(u"abcdefgh", 5, kLeft, u"…"), u"abcd…");
}

TEST(FitCell, AColumnAsNarrowAsTheEllipsisIsCutHard) {
  for (int width = 1; width <= 3; ++width) {
    const auto cells = static_cast<std::size_t>(width);
    EXPECT_EQ(fit_cell(u"abcdefgh", width, kLeft, u"..."), std::u16string(u"abc").substr(0, cells));
    EXPECT_EQ(fit_cell(u"12345678", width, kRight, u"..."),
              std::u16string(u"678").substr(3 - cells));
  }
}

TEST(FitCell, ALineBreakCutsEvenWhereThereIsRoom) {
  EXPECT_EQ(fit_cell(u"one\ntwo", 8, kLeft, u"..."), u"one...  ");
  EXPECT_EQ(fit_cell(u"one\r\ntwo", 8, kRight, u"..."), u"  one...");
  EXPECT_EQ(fit_cell(u"\n", 5, kLeft, u"..."), u"...  ");
}

TEST(Cells, OneForEachUtf16Unit) {
  EXPECT_EQ(cell_count(u"漢字"), 2);
  EXPECT_EQ(cell_count(u"\U0001F600"), 2);
  EXPECT_EQ(head_cells(u"漢字", 1), u"漢");
  EXPECT_EQ(head_cells(u"ab", -1), u"");
  EXPECT_EQ(tail_cells(u"ab", 5), u"ab");
  EXPECT_EQ(tail_cells(u"ab", 1), u"b");
  EXPECT_EQ(blanks(-3), u"");
}

}  // namespace
