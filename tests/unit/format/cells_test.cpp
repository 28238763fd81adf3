#include "agent/format/cells.hpp"

#include <gtest/gtest.h>

namespace {

using namespace sfb::format;

constexpr auto kLeft = Alignment::left;
constexpr auto kRight = Alignment::right;
constexpr auto kUnits = CellRule::utf16_units;
constexpr auto kWide = CellRule::wide_as_two;

std::u16string fitted(std::u16string_view text, int width, Alignment alignment,
                      std::u16string_view ellipsis) {
  return fit_cell(text, {.width = width, .alignment = alignment, .ellipsis = ellipsis});
}

TEST(FitCell, PadsOnTheOtherSide) {
  EXPECT_EQ(fitted(u"ab", 4, kLeft, u"..."), u"ab  ");
  EXPECT_EQ(fitted(u"ab", 4, kRight, u"..."), u"  ab");
  EXPECT_EQ(fitted(u"", 2, kLeft, u"..."), u"  ");
  EXPECT_EQ(fitted(u"abcd", 4, kLeft, u"..."), u"abcd");
}

TEST(FitCell, CutsTheTailOrANumbersHead) {
  EXPECT_EQ(fitted(u"abcdefgh", 5, kLeft, u"..."), u"ab...");
  EXPECT_EQ(fitted(u"12345678", 5, kRight, u"..."), u"...78");
  EXPECT_EQ(fitted(u"abcdefgh", 5, kLeft, u"…"), u"abcd…");
}

TEST(FitCell, AColumnAsNarrowAsTheEllipsisIsCutHard) {
  for (int width = 1; width <= 3; ++width) {
    const auto cells = static_cast<std::size_t>(width);
    EXPECT_EQ(fitted(u"abcdefgh", width, kLeft, u"..."), std::u16string(u"abc").substr(0, cells));
    EXPECT_EQ(fitted(u"12345678", width, kRight, u"..."), std::u16string(u"678").substr(3 - cells));
  }
}

TEST(FitCell, ALineBreakCutsEvenWhereThereIsRoom) {
  EXPECT_EQ(fitted(u"one\ntwo", 8, kLeft, u"..."), u"one...  ");
  EXPECT_EQ(fitted(u"one\r\ntwo", 8, kRight, u"..."), u"  one...");
  EXPECT_EQ(fitted(u"\n", 5, kLeft, u"..."), u"...  ");
}

TEST(FitCell, AWideCharacterThatDoesNotFitLeavesABlank) {
  const auto wide = [](std::u16string_view text, int width, Alignment alignment) {
    return fit_cell(text, {.width = width,
                           .alignment = alignment,
                           .ellipsis = u"…",
                           .rule = kWide,
                           .pad_behind = false});
  };
  EXPECT_EQ(wide(u"漢字漢字", 6, kLeft), u"漢字…");
  EXPECT_EQ(wide(u"漢字漢字", 7, kLeft), u"漢字漢…");
  EXPECT_EQ(wide(u"漢字漢字", 6, kRight), u" …漢字");
  EXPECT_EQ(wide(u"ab", 4, kLeft), u"ab") << "nothing is filled up behind";
  EXPECT_EQ(wide(u"ab", 4, kRight), u"  ab");
  EXPECT_EQ(fit_cell(u"漢字", {.width = 1, .ellipsis = u"…", .rule = kWide}), u" ");
  EXPECT_EQ(fit_cell(u"漢字", {.width = 2, .ellipsis = u"…", .rule = kWide}), u"… ");
}

TEST(Cells, OneForEachUtf16Unit) {
  EXPECT_EQ(cell_count(u"漢字", kUnits), 2);
  EXPECT_EQ(cell_count(u"\U0001F600", kUnits), 2);
  EXPECT_EQ(head_cells(u"漢字", 1, kUnits), u"漢");
  EXPECT_EQ(head_cells(u"ab", -1, kUnits), u"");
  EXPECT_EQ(tail_cells(u"ab", 5, kUnits), u"ab");
  EXPECT_EQ(tail_cells(u"ab", 1, kUnits), u"b");
  EXPECT_EQ(blanks(-3), u"");
}

TEST(Cells, WideCharactersTakeTwo) {
  EXPECT_EQ(cell_count(u"a漢字ｱ", kWide), 6);
  EXPECT_EQ(cell_count(u"\U0001F600", kWide), 2) << "one for each half of the pair";
  EXPECT_EQ(cell_count(u"e\u0301", kWide), 2) << "a combining mark counts";
  EXPECT_EQ(cells_of(u'\u303F', kWide), 1);
  EXPECT_EQ(head_cells(u"漢字", 3, kWide), u"漢");
  EXPECT_EQ(tail_cells(u"漢字", 3, kWide), u"字");
  EXPECT_EQ(tail_cells(u"漢字", 1, kWide), u"");
}

}  // namespace
