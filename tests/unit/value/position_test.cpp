// The place of an error whose record came without an extent (agent/value/position.hpp).
#include "agent/value/position.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

std::string shown(std::string text, std::int64_t column, std::string file = {}) {
  return sfb::position_message(
      {.file = std::move(file), .line = 3, .column = column, .text = std::move(text)});
}

TEST(PositionMessage, MarksFromTheErrorToTheLinesEnd) {
  EXPECT_EQ(shown("Get-X -Name y", 7), "At line:3 char:7\n+ Get-X -Name y\n+       ~~~~~~~");
  EXPECT_EQ(shown("Get-X  \n", 1), "At line:3 char:1\n+ Get-X\n+ ~~~~~~~~")
      << "blanks at the end are cut, yet counted";
}

TEST(PositionMessage, NamesAScript) {
  EXPECT_EQ(shown("x", 1, "C:\\a.ps1"), "At C:\\a.ps1:3 char:1\n+ x\n+ ~");
}

TEST(PositionMessage, TabsBecomeFourBlanks) {
  EXPECT_EQ(shown("\tx\ty", 2), "At line:3 char:2\n+     x    y\n+     ~~~~~~");
}

TEST(PositionMessage, CutsTheTailOfALongLine) {
  const std::string text(100, 'x');
  EXPECT_EQ(shown(text, 1),
            "At line:3 char:1\n+ " + std::string(69, 'x') + " ...\n+ " + std::string(69, '~'));
}

TEST(PositionMessage, CutsTheHeadWhenTheErrorStandsFarRight) {
  const std::string text = std::string(100, 'x') + std::string(10, 'y');
  EXPECT_EQ(shown(text, 101), "At line:3 char:101\n+ ... " + std::string(59, 'x') +
                                  std::string(10, 'y') + "\n+ " + std::string(63, ' ') +
                                  std::string(10, '~'));
  const std::string both = std::string(30, 'x') + std::string(100, 'y');
  EXPECT_EQ(shown(both, 31), "At line:3 char:31\n+ ... " + std::string(12, 'x') +
                                 std::string(57, 'y') + " ...\n+ " + std::string(16, ' ') +
                                 std::string(57, '~'));
}

TEST(PositionMessage, SurvivesColumnsOutsideTheLine) {
  EXPECT_EQ(shown("ab", 9), "At line:3 char:9\n+ ab\n+   ~");
  EXPECT_EQ(shown("ab", -4), "At line:3 char:-4\n+ ab\n+ ~~");
  EXPECT_EQ(shown("", 1), "At line:3 char:1\n+ ");
}

}  // namespace
