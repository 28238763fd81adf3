#include "agent/format/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace {

using testing::ElementsAre;

std::vector<int> fitted(std::vector<int> widths, int columns) {
  sfb::format::fit_columns(widths, columns);
  return widths;
}

TEST(FitColumns, LeavesAloneWhatFits) {
  EXPECT_THAT(fitted({5, 5, 5}, 17), ElementsAre(5, 5, 5));
  EXPECT_THAT(fitted({5}, 5), ElementsAre(5));
}

TEST(FitColumns, ShrinksTheLastAndDropsItWhenNothingIsLeft) {
  EXPECT_THAT(fitted({5, 5, 5}, 13), ElementsAre(5, 5, 1));
  EXPECT_THAT(fitted({5, 5, 5}, 12), ElementsAre(5, 5, -1));
  EXPECT_THAT(fitted({5, 5, 5}, 7), ElementsAre(5, 1, -1));
  EXPECT_THAT(fitted({5, 5, 5}, 6), ElementsAre(5, -1, -1));
  EXPECT_THAT(fitted({5, 5, 5}, 3), ElementsAre(3, -1, -1));
}

TEST(FitColumns, SharesWhatIsLeftAmongColumnsWithoutAWidth) {
  EXPECT_THAT(fitted({0, 0, 0}, 84), ElementsAre(28, 27, 27));
  EXPECT_THAT(fitted({30, 0}, 79), ElementsAre(30, 48));
  EXPECT_THAT(fitted({30, 0}, 32), ElementsAre(30, 1));
  EXPECT_THAT(fitted({30, 0}, 31), ElementsAre(30, -1));
}

TEST(FitColumns, NeverExceedsTheScreen) {
  for (int columns = 1; columns < 60; ++columns) {
    for (const auto& start : std::vector<std::vector<int>>{
             {10, 20, 30}, {1, 1, 1, 1}, {1 << 29, 1 << 29, 1 << 29}, {0, 7, 0}}) {
      const auto widths = fitted(start, columns);
      int sum = -1;
      for (const int width : widths) {
        sum += width > 0 ? width + 1 : 0;
      }
      EXPECT_LE(sum, columns) << "columns " << columns << ", first " << start.front();
      EXPECT_GT(widths.front(), 0) << "columns " << columns;
    }
  }
}

}  // namespace
