#include "agent/format/format.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

std::string shown(std::string_view text, int width) {
  return sfb::format::warning(text, {.width = width});
}

TEST(Warning, FitsOrWrapsAtWords) {
  EXPECT_EQ(shown("short", 80), "WARNING: short\n");
  EXPECT_EQ(shown("one two three", 18), "WARNING: one two \nthree\n");
}

TEST(Warning, ABlankThatDoesNotFitBeginsTheNextLine) {
  EXPECT_EQ(shown("one two", 13), "WARNING: one\n two\n");
}

TEST(Warning, AWordLongerThanALineIsTakenInPieces) {
  EXPECT_EQ(shown("abcdefghijkl", 11), "WARNING: \nabcdefghij\nkl\n");
}

TEST(Warning, KeepsItsOwnLines) {
  EXPECT_EQ(shown("one\r\n\ttwo\n", 80), "WARNING: one\n two\n\n");
  EXPECT_EQ(shown("", 80), "WARNING: \n");
}

TEST(Warning, AnyWidthComesToAnEnd) {
  EXPECT_EQ(shown("x", 1), "WARNING: x\n");
  EXPECT_EQ(shown("x", 0), "WARNING: x\n");
  EXPECT_EQ(shown("x", 2), "W\nA\nR\nN\nI\nN\nG\n:\n \nx\n");
}

}  // namespace
