#include "agent/os/line_tail.hpp"

#include <gtest/gtest.h>

namespace sfb::os {
namespace {

std::string tail_of(const std::vector<std::string>& pieces) {
  LineTail tail(3, 10);
  for (const auto& piece : pieces) {
    tail.add(piece);
  }
  return tail.text();
}

TEST(LineTail, KeepsTheLastLinesWithoutTheLastLineEnd) {
  EXPECT_EQ(tail_of({}), "");
  EXPECT_EQ(tail_of({""}), "");
  EXPECT_EQ(tail_of({"a"}), "a");
  EXPECT_EQ(tail_of({"a\n"}), "a");
  EXPECT_EQ(tail_of({"a\r\n"}), "a");
  EXPECT_EQ(tail_of({"\n"}), "");
  EXPECT_EQ(tail_of({"a\nb\nc\n"}), "a\nb\nc");
  EXPECT_EQ(tail_of({"a\nb\nc\nd"}), "b\nc\nd");
  EXPECT_EQ(tail_of({"a\nb\nc\nd\n"}), "b\nc\nd");
  EXPECT_EQ(tail_of({"a\n\n\n\n"}), "\n\n") << "empty lines are lines";
  EXPECT_EQ(tail_of({"\nb\nc\nd\n"}), "b\nc\nd");
}

TEST(LineTail, PiecesMayEndAnywhere) {
  EXPECT_EQ(tail_of({"a", "\r", "\n", "b", "\n"}), "a\r\nb");
  EXPECT_EQ(tail_of({"a\n", "\n"}), "a\n");
  EXPECT_EQ(tail_of({"one\n", "two\n", "three\n", "four"}), "three\nfour") << "10 bytes";
}

TEST(LineTail, KeepsTheLastBytesOfALongLine) {
  EXPECT_EQ(tail_of({"0123456789"}), "0123456789");
  EXPECT_EQ(tail_of({"0123456789\r\n"}), "0123456789");
  EXPECT_EQ(tail_of({"0123456789ab\n"}), "23456789ab");
  EXPECT_EQ(tail_of({std::string(100'000, 'x'), "0123456789\n"}), "0123456789");
  EXPECT_EQ(tail_of({std::string(100'000, '\n')}), "\n\n");
}

}  // namespace
}  // namespace sfb::os
